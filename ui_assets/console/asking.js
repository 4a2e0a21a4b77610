// Asks for a reason: a few common ones, or one's own words. What is recorded is Chinese,
// whatever the page speaks, so that central counts one reason as one.

import { empty, find, make, show, tell } from "./page.js";
import { fill, say, whenChanged } from "./texts.js";

export const PAUSES = [
  ["pause.lunch", "午休"],
  ["pause.away", "临时离开"],
  ["pause.system", "系统故障"],
  ["pause.device", "设备故障"],
  ["pause.other", ""],
];
export const CANCELS = [
  ["cancel.mistake", "选错了事项或编号"],
  ["cancel.gone", "群众已离开"],
  ["cancel.twice", "重复邀请"],
  ["cancel.undone", "业务没有办完"],
  ["cancel.other", ""],
];

// The words of a recorded reason in the page's language.
export function reasonInWords(recorded) {
  const known = PAUSES.concat(CANCELS).find((one) => one[1] && one[1] === recorded);
  return known ? say(known[0]) : recorded;
}

export class Asking {
  constructor() {
    this.answer = null;
    this.before = null;
    this.kind = "";
    this.confirm = "";
    const form = find("asking");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.go();
    });
    form.addEventListener("keydown", (event) => this.key(event));
    form.addEventListener("change", () => this.choose());
    find("asking-back").addEventListener("click", () => this.close(null));
    find("veil").addEventListener("mousedown", (event) => {
      if (event.target === find("veil")) {
        event.preventDefault(); // a stray click outside keeps what was typed
      }
    });
    whenChanged(() => this.paint());
  }

  get open() {
    return this.answer !== null;
  }

  // Returns a promise of the reason, null if nothing is to be done after all.
  ask(kind, reasons, confirm) {
    this.close(null);
    this.kind = kind;
    this.confirm = confirm;
    this.before = document.activeElement;
    const box = find("asking-reasons");
    empty(box);
    reasons.forEach(([key, recorded], place) => {
      const id = "reason-" + place;
      const radio = make("input", { type: "radio", name: "reason", id: id, value: recorded });
      radio.checked = place === 0;
      box.appendChild(
        make("label", { class: "choice", for: id }, radio, make("span", { "data-say": key }))
      );
    });
    find("asking-own").value = "";
    tell(find("asking-problem"), "");
    this.paint();
    this.choose();
    show(find("veil"), true);
    box.querySelector("input").focus();
    return new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  paint() {
    if (!this.kind) {
      return;
    }
    fill(find("asking"));
    tell(find("asking-title"), say("ask." + this.kind));
    tell(find("asking-note"), say("ask." + this.kind + ".note"));
    tell(find("asking-go"), say(this.confirm));
  }

  choose() {
    const own = this.chosen() === "";
    const field = find("asking-own");
    const appeared = own && field.hidden;
    show(field, own);
    if (appeared && this.open) {
      field.focus();
    }
  }

  chosen() {
    const radio = find("asking-reasons").querySelector("input:checked");
    return radio ? radio.value : "";
  }

  go() {
    const reason = this.chosen() || find("asking-own").value.trim();
    if (!reason) {
      tell(find("asking-problem"), say("reason.missing"));
      find("asking-own").focus();
      return;
    }
    this.close(reason);
  }

  close(reason) {
    if (this.answer === null) {
      return;
    }
    const answer = this.answer;
    this.answer = null;
    show(find("veil"), false);
    if (this.before && this.before.offsetParent !== null) {
      this.before.focus();
    }
    answer(reason);
  }

  key(event) {
    if (event.isComposing) {
      return;
    }
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close(null);
    } else if (event.key === "Tab") {
      this.keepInside(event);
    }
  }

  keepInside(event) {
    const radio = find("asking-reasons").querySelector("input:checked");
    const stops = [radio, find("asking-own"), find("asking-back"), find("asking-go")].filter(
      (one) => one && !one.hidden
    );
    const last = stops[stops.length - 1];
    const leaving = event.shiftKey ? stops[0] : last;
    if (document.activeElement === leaving) {
      event.preventDefault();
      (event.shiftKey ? last : stops[0]).focus();
    }
  }
}
