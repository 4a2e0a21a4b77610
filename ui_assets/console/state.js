// Says how the window is. Of a visit it knows that the citizen was asked, has tapped and is
// gone; no more ever reaches this page.

import { reasonInWords } from "./asking.js";
import { find, show, tell } from "./page.js";
import { say, whenChanged } from "./texts.js";

const ICONS = {
  ready: "ready",
  ended: "ready",
  cancelled: "close",
  device_fault: "trouble",
  invited: "invited",
  rating: "rating",
  paused: "pause",
  closed: "pause",
  silent: "trouble",
  trouble: "trouble",
  lost: "trouble",
};

export class WindowState {
  constructor() {
    this.seen = null;
    this.kind = "";
    this.visit = "";
    this.since = 0;
    whenChanged(() => this.paint());
    window.setInterval(() => this.tick(), 1000);
  }

  take(seen) {
    this.seen = seen;
    const visit = seen.visit;
    if (visit && visit.visit !== this.visit) {
      this.visit = visit.visit;
      this.since = visit.seconds === null ? 0 : Date.now() - visit.seconds * 1000;
    }
    this.enter(kindOf(seen));
  }

  // Somebody else may be here now: nothing of what was seen holds for them.
  forget() {
    this.seen = null;
    this.visit = "";
    this.kind = "";
  }

  // `lost`, `trouble`: what is known of the window holds no longer.
  enter(kind) {
    this.kind = kind;
    this.paint();
  }

  get ready() {
    return this.kind === "ready" || this.kind === "ended" || this.kind === "cancelled" ||
      this.kind === "device_fault";
  }

  // Taking an invitation back makes sense only where somebody at the window gave it.
  get canCancel() {
    return this.kind === "invited" && this.seen.visit.invited_by !== "citizen";
  }

  get canPause() {
    return (this.ready || this.kind === "invited" || this.kind === "rating") && !this.seen.paused;
  }

  get canResume() {
    return Boolean(this.seen) && this.seen.paused && this.known;
  }

  get known() {
    return !["lost", "trouble", "silent", "closed", ""].includes(this.kind);
  }

  paint() {
    if (!this.kind) {
      return;
    }
    const title = say("state." + this.kind);
    const more = this.more();
    tell(find("state-title"), title);
    tell(find("state-more"), more);
    tell(find("state-spoken"), title + ". " + more);
    tell(find("state-matters"), this.matters());
    find("state-icon").setAttribute("href", "#i-" + ICONS[this.kind]);
    find("state").setAttribute("data-kind", this.kind);
    tell(find("count-invited"), this.seen ? String(this.seen.invited) : "–");
    tell(find("count-rated"), this.seen ? String(this.seen.rated) : "–");
    this.tick();
  }

  more() {
    const seen = this.seen;
    const parts = [];
    if (this.kind === "invited") {
      const by = seen.visit.invited_by;
      parts.push(say("state.invited." + by, { system: seen.visit.system }));
    } else if (this.kind === "paused") {
      parts.push(seen.reason ? say("state.paused.more", { reason: reasonInWords(seen.reason) }) : "");
    } else {
      parts.push(say("state." + this.kind + ".more"));
    }
    if (seen && seen.paused && (this.kind === "invited" || this.kind === "rating")) {
      parts.push(say("state.paused.soon"));
    }
    return parts.join(" ");
  }

  matters() {
    const visit = this.kind === "invited" || this.kind === "rating" ? this.seen.visit : null;
    if (!visit || !visit.matters.length) {
      return "";
    }
    const list = visit.matters.map((one) => say("state.matter", { name: one.name, n: one.cases }));
    return say("state.matters", { list: list.join(say("between")) });
  }

  tick() {
    const shown = (this.kind === "invited" || this.kind === "rating") && this.since > 0;
    const time = find("state-time");
    show(time, shown);
    if (shown) {
      const seconds = Math.max(0, Math.floor((Date.now() - this.since) / 1000));
      const text = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
      tell(time, say("elapsed", { time: text }));
    }
  }
}

function kindOf(seen) {
  if (!seen.running) {
    return "silent";
  }
  if (seen.state === "ready" && seen.last) {
    return seen.last.state;
  }
  return seen.state;
}
