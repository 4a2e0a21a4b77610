// The log-in: staff number and PIN. The PIN is in its field and in one request, nowhere else.

import { call, inWords, prove } from "./calls.js";
import { find, show, tell } from "./page.js";
import { say, whenChanged } from "./texts.js";

export class Login {
  // `entered(begin)` is called with the device's answer when somebody is in.
  constructor(entered) {
    this.entered = entered;
    this.problem = null;
    this.until = 0;
    this.timer = 0;
    this.busy = false;
    this.serves = null;
    this.note = "";
    find("login-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.go();
    });
    find("pin").addEventListener("input", (event) => {
      if (!event.isComposing) {
        onlyDigits(event.target);
      }
    });
    find("pin").addEventListener("compositionend", (event) => onlyDigits(event.target));
    whenChanged(() => this.paint());
  }

  open(begin, note) {
    this.serves = begin.serves;
    this.note = note || "";
    this.problem = null;
    find("pin").value = "";
    if (note !== "window-taken" && note !== "left") {
      find("staff").value = find("staff").value || (begin.serves ? begin.serves.number : "");
    } else {
      find("staff").value = "";
    }
    this.paint();
    find(find("staff").value ? "pin" : "staff").focus();
  }

  paint() {
    tell(find("login-note"), this.note ? say("ended." + this.note) : "");
    show(find("login-note"), Boolean(this.note));
    tell(
      find("serving-now"),
      this.serves ? say("login.serves", this.serves) : say("login.nobody")
    );
    tell(find("login-problem"), this.problem ? this.problem() : "");
    find("login-go").firstElementChild.textContent = say(this.busy ? "login.checking" : "login.go");
  }

  async go() {
    if (this.busy) {
      return;
    }
    const staff = find("staff").value.normalize("NFKC").trim();
    onlyDigits(find("pin"));
    const pin = find("pin").value;
    if (!staff || pin.length !== 6) {
      this.refuse(() => say("login.short"), staff ? "pin" : "staff");
      return;
    }
    this.busy = true;
    this.problem = null;
    window.clearInterval(this.timer);
    this.paint();
    try {
      prove("login");
      const begin = await call("POST", "login", { staff: staff, pin: pin });
      find("staff").value = "";
      find("pin").value = "";
      this.busy = false;
      this.problem = null;
      this.paint();
      this.entered(begin);
    } catch (refusal) {
      this.busy = false;
      find("pin").value = "";
      this.explain(refusal);
    }
  }

  explain(refusal) {
    if (refusal.code === "login-refused") {
      this.refuse(() => say("login.wrong", { n: refusal.problem.tries_left }), "pin");
    } else if (refusal.code === "login-locked") {
      this.until = Date.now() + refusal.problem.wait_s * 1000;
      this.refuse(() => say("login.locked", { time: this.left() }), "pin");
      this.timer = window.setInterval(() => this.countDown(), 1000);
    } else {
      this.refuse(() => inWords(refusal, "login"), "pin");
    }
  }

  refuse(problem, field) {
    window.clearInterval(this.timer);
    this.problem = problem;
    this.paint();
    find(field).focus();
  }

  // What is read aloud is the first wait alone; the seconds after it are only seen.
  countDown() {
    const spoken = find("login-problem");
    if (Date.now() >= this.until) {
      window.clearInterval(this.timer);
      this.problem = null;
      this.paint();
      return;
    }
    spoken.setAttribute("aria-live", "off");
    tell(spoken, this.problem());
    spoken.removeAttribute("aria-live");
  }

  left() {
    const seconds = Math.max(0, Math.ceil((this.until - Date.now()) / 1000));
    return Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
  }
}

function onlyDigits(field) {
  const digits = field.value.normalize("NFKC").replace(/[^0-9]/g, "").slice(0, 6);
  if (digits !== field.value) {
    field.value = digits;
  }
}
