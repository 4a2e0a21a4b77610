// The staff console: begins, and brings its parts together.

import { Asking, CANCELS, PAUSES } from "./asking.js";
import { call, inWords, newVisit, prove } from "./calls.js";
import { Chosen } from "./chosen.js";
import { Live } from "./live.js";
import { Login } from "./login.js";
import { Matters } from "./matters.js";
import { find, focusIsLost, show, tell } from "./page.js";
import { WindowState } from "./state.js";
import * as texts from "./texts.js";
import { say } from "./texts.js";

const AGAIN_MS = 3000;

class Console {
  constructor() {
    this.begin = null;
    this.version = -1;
    this.busy = false;
    this.doing = ""; // what keeps it busy, by its name in the texts
    this.order = null; // the invitation being sent, kept so that trying again is the same visit
    this.asking = new Asking();
    this.chosen = new Chosen();
    this.state = new WindowState();
    this.login = new Login((begin) => this.enter(begin));
    this.matters = new Matters(this.chosen, (refusal) => this.fail(refusal, "visit", ""));
    this.live = new Live({
      window: (seen) => this.take(seen),
      over: (code) => this.leave(code),
      lost: () => this.unknown("lost"),
      trouble: () => this.unknown("trouble"),
    });
    this.chosen.changed = () => {
      this.order = null;
      this.matters.mark();
    };
    find("language").addEventListener("click", () => texts.toggle().catch(() => undefined));
    find("leave").addEventListener("click", () => this.logOut());
    find("pause").addEventListener("click", () => this.pauseOrResume());
    find("resume").addEventListener("click", () => this.pauseOrResume());
    find("cancel").addEventListener("click", () => this.cancel());
    find("invite").addEventListener("click", () => this.invite());
    find("photo").addEventListener("error", () => show(find("photo"), false));
    document.addEventListener("keydown", (event) => this.key(event));
    texts.whenChanged(() => this.paint());
  }

  // --- who is here ------------------------------------------------------------------------

  async start() {
    try {
      await texts.begin();
      const begin = await call("GET", "session");
      if (begin.me) {
        this.enter(begin);
      } else {
        this.leaveWith(begin, begin.ended);
      }
    } catch (failed) {
      window.setTimeout(() => this.start(), AGAIN_MS);
    }
  }

  enter(begin) {
    this.begin = begin;
    prove(begin.me.proof);
    this.chosen.rateUnfinished = begin.rate_unfinished;
    this.chosen.clear();
    this.version = -1;
    this.live.visit = "";
    this.state.forget();
    show(find("login"), false);
    show(find("work"), true);
    find("photo").src = begin.me.photo ? "/console-api/photo?of=" + begin.me.number : "";
    show(find("photo"), begin.me.photo);
    this.problem("visit", "");
    this.problem("state", "");
    this.paint();
    this.live.start();
    find("search").focus();
  }

  async leave(code) {
    this.live.stop();
    this.asking.close(null);
    let begin = { hall: "", window: "", serves: null, me: null };
    try {
      begin = await call("GET", "session");
    } catch (refusal) {
      begin = Object.assign({}, this.begin, { serves: null, me: null });
    }
    this.leaveWith(begin, begin.ended || code);
  }

  leaveWith(begin, code) {
    this.begin = Object.assign({}, begin, { me: null });
    this.state.forget();
    this.chosen.clear();
    show(find("work"), false);
    show(find("login"), true);
    find("photo").removeAttribute("src");
    this.paint();
    this.login.open(this.begin, code);
  }

  async logOut() {
    await this.attempt("state", "leave", async () => {
      let note = "left";
      try {
        const left = await call("POST", "logout");
        note = left.later ? "left.later" : "left";
      } catch (refusal) {
        if (refusal.status !== 503) {
          throw refusal;
        }
        note = "left.silent"; // this page is left all the same
      }
      await this.leave(note);
    });
  }

  // --- the window -------------------------------------------------------------------------

  take(seen) {
    this.state.take(seen);
    if (seen.configuration !== this.version) {
      this.version = seen.configuration;
      this.matters.look();
    }
    this.paint();
  }

  unknown(kind) {
    this.state.enter(kind);
    this.paint();
  }

  async invite() {
    const why = this.whyNot();
    if (this.busy || why) {
      this.problem("visit", why);
      return;
    }
    const order = this.chosen.order();
    if (order.problem) {
      this.problem("visit", order.problem);
      return;
    }
    const matters = JSON.stringify(order.matters);
    if (!this.order || this.order.matters !== matters) {
      this.order = { visit: newVisit(), matters: matters };
    }
    const sent = { visit: this.order.visit, matters: order.matters };
    await this.attempt("visit", "invite", async () => {
      this.live.seen(await call("POST", "visits", sent));
      this.chosen.clear();
      await this.matters.clear();
      if (!this.asking.open) {
        // Otherwise somebody is already taking it back, and keeps the focus.
        find("search").focus({ preventScroll: true });
        find("state").scrollIntoView({ block: "nearest" });
      }
    });
  }

  async cancel() {
    if (!this.state.canCancel) {
      return;
    }
    const visit = this.state.seen.visit.visit;
    const reason = await this.asking.ask("cancel", CANCELS, "cancel");
    if (reason !== null) {
      await this.attempt("state", "cancel", async () => {
        this.live.seen(await call("POST", "visits/" + visit + "/cancel", { reason: reason }));
      });
    }
  }

  async pauseOrResume() {
    if (this.state.canResume) {
      await this.attempt("state", "resume", async () => {
        this.live.seen(await call("POST", "resume"));
      });
    } else if (this.state.canPause) {
      const reason = await this.asking.ask("pause", PAUSES, "pause");
      if (reason !== null) {
        await this.attempt("state", "pause", async () => {
          this.live.seen(await call("POST", "pause", { reason: reason }));
        });
      }
    }
  }

  // Why nobody can be invited now; empty if they can.
  whyNot() {
    if (this.state.ready && !this.state.seen.paused) {
      return "";
    }
    return say("invite.not." + (this.state.known && this.state.seen.paused ? "paused" : this.state.kind || "lost"));
  }

  // --- what goes wrong --------------------------------------------------------------------

  async attempt(where, what, act) {
    if (this.busy) {
      return;
    }
    this.busy = true;
    this.doing = what;
    this.problem(where, "");
    this.paint();
    try {
      await act();
    } catch (refusal) {
      this.fail(refusal, where, what);
    } finally {
      this.busy = false;
      this.doing = "";
      this.paint();
    }
  }

  fail(refusal, where, what) {
    if (refusal.status === 401) {
      this.leave(refusal.code);
    } else {
      if (refusal.code === "request-id-used") {
        this.order = null;
      }
      this.problem(where, inWords(refusal, what));
    }
  }

  problem(where, text) {
    tell(find(where + "-problem"), text);
  }

  // --- what is seen -----------------------------------------------------------------------

  paint() {
    const begin = this.begin;
    find("language").textContent = say("language.other");
    find("language").setAttribute("aria-label", say("language.other.label"));
    find("language").setAttribute("lang", texts.current() === "en" ? "zh-CN" : "en");
    if (!begin) {
      return;
    }
    const me = begin.me;
    tell(find("sign-number"), begin.window || "–");
    tell(find("hall"), me ? "" : begin.hall);
    document.title = this.title();
    show(find("who"), Boolean(me));
    show(find("leave"), Boolean(me));
    show(find("link"), Boolean(me));
    show(find("pause"), Boolean(me) && this.state.canPause);
    show(find("resume"), Boolean(me) && this.state.canResume);
    show(find("cancel"), Boolean(me) && this.state.canCancel);
    if (!me) {
      return;
    }
    tell(find("my-name"), me.name || me.number);
    tell(find("my-since"), say("in.since", { time: clock(me.since_ms) }));
    tell(find("pause-word"), say("pause"));
    // While a citizen is being asked the answer takes some seconds.
    tell(find("leave-word"), say(this.doing === "leave" ? "leave.doing" : "leave"));
    find("leave").setAttribute("aria-disabled", String(this.doing === "leave"));
    this.paintLink();
    this.paintInvite();
    if (this.asking.open && this.asking.kind === "cancel" && !this.state.canCancel) {
      this.asking.close(null); // too late: the page says so where the button was
    }
    if (!this.asking.open && focusIsLost()) {
      find("search").focus({ preventScroll: true });
    }
  }

  // A console that is covered by other windows still tells the state in its title.
  title() {
    const number = this.begin.window;
    if (!number) {
      return say("title.short");
    }
    if (this.begin.me && this.state.kind) {
      return say("title.state", { number: number, state: say("state." + this.state.kind) });
    }
    return say("title", { number: number });
  }

  paintLink() {
    const seen = this.state.seen;
    const lost = this.state.kind === "lost" || this.state.kind === "" || !seen;
    const online = !lost && seen.online !== false;
    const key = lost ? "link.lost" : online ? "link.on" : "link.off";
    tell(find("link-word"), say(key));
    find("link").firstElementChild.firstElementChild.setAttribute(
      "href",
      online ? "#i-link" : "#i-unlink"
    );
    find("link").setAttribute("data-online", String(online));
  }

  paintInvite() {
    const why = this.whyNot();
    const key = find("invite");
    const open = this.state.kind === "invited" || this.state.kind === "rating";
    tell(find("visit-title"), say(open ? "visit.next" : "visit"));
    key.setAttribute("aria-disabled", String(Boolean(why) || this.busy));
    tell(find("invite-more"), why || say(this.doing === "invite" ? "invite.sending" : "invite.more"));
    if (!why && !this.busy) {
      // What kept an invitation from being sent is over.
      const shown = find("visit-problem").textContent;
      if (shown && this.lastWhy === shown) {
        this.problem("visit", "");
      }
    }
    this.lastWhy = why || this.lastWhy;
  }

  key(event) {
    if (!this.begin || !this.begin.me || this.asking.open || event.isComposing) {
      return;
    }
    const act = {
      F2: () => {
        find("search").focus();
        find("search").select();
      },
      F8: () => this.pauseOrResume(),
      F9: () => this.cancel(),
      Enter: event.ctrlKey || event.metaKey ? () => this.invite() : null,
    }[event.key];
    if (act && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      act();
    }
  }
}

function clock(ms) {
  const time = new Date(ms);
  const two = (number) => String(number).padStart(2, "0");
  return two(time.getHours()) + ":" + two(time.getMinutes());
}

new Console().start();
