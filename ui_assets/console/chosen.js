// The matters of the coming invitation: their case numbers, or how many there are, and
// whether they are finished.

import { empty, find, icon, make, show, tell } from "./page.js";
import { say, whenChanged } from "./texts.js";

export const MOST_CASES = 50;
const MOST_MATTERS = 20;
const LONGEST_CASE = 50;
const MOST_ROWS = 6;

export class Chosen {
  constructor() {
    this.entries = new Map();
    this.rateUnfinished = false;
    this.changed = () => undefined;
    whenChanged(() => this.paint());
  }

  has(code) {
    return this.entries.has(code);
  }

  toggle(matter) {
    if (this.entries.has(matter.code)) {
      this.entries.delete(matter.code);
    } else if (this.entries.size < MOST_MATTERS) {
      this.entries.set(matter.code, {
        code: matter.code,
        name: matter.name,
        typed: "",
        count: 1,
        finished: true,
      });
    }
    this.paint();
    const list = find("chosen");
    if (list.lastChild) {
      list.scrollTop = list.lastChild.offsetTop - list.offsetTop;
    }
  }

  clear() {
    this.entries.clear();
    this.paint();
  }

  // What the device is asked, or what is wrong with it: {matters} or {problem}.
  order() {
    const matters = [];
    let all = 0;
    for (const entry of this.entries.values()) {
      const cases = casesIn(entry.typed);
      const long = cases.find((one) => Array.from(one).length > LONGEST_CASE);
      if (long) {
        return { problem: say("problem.case-too-long", { case: long.slice(0, 20) + "…" }) };
      }
      all += cases.length || entry.count;
      matters.push({
        code: entry.code,
        cases: cases,
        count: cases.length ? 0 : entry.count,
        finished: entry.finished,
      });
    }
    return all > MOST_CASES ? { problem: say("problem.too-many-cases") } : { matters: matters };
  }

  paint() {
    const list = find("chosen");
    empty(list);
    for (const entry of this.entries.values()) {
      list.appendChild(this.card(entry));
    }
    show(list, this.entries.size > 0);
    this.count();
    this.changed();
  }

  count() {
    let cases = 0;
    for (const entry of this.entries.values()) {
      cases += casesIn(entry.typed).length || entry.count;
    }
    const words = this.entries.size
      ? say("visit.count", { n: this.entries.size, cases: cases })
      : say("visit.none");
    tell(find("visit-none"), words);
  }

  card(entry) {
    const id = "chosen-" + entry.code;
    const remove = make(
      "button",
      { type: "button", class: "small-key", "aria-label": say("remove", { name: entry.name }) },
      icon("close")
    );
    remove.addEventListener("click", () => {
      this.entries.delete(entry.code);
      this.paint();
      find("search").focus();
    });
    const head = make(
      "div",
      { class: "card-head" },
      make("h3", { id: id }, entry.name),
      this.finish(entry),
      remove
    );
    const card = make("li", { class: "card", role: "group", "aria-labelledby": id }, head);
    card.appendChild(make("div", { class: "card-row" }, this.cases(entry), this.counter(entry)));
    card.appendChild(make("p", { class: "note", role: "status" }));
    this.refresh(entry, card);
    return card;
  }

  cases(entry) {
    const id = "cases-" + entry.code;
    const area = make("textarea", {
      id: id,
      rows: 1,
      maxlength: 2600,
      spellcheck: "false",
      autocomplete: "off",
      placeholder: say("cases.hint"),
      "aria-describedby": id + "-hint",
    });
    area.value = entry.typed;
    area.addEventListener("input", () => {
      entry.typed = area.value;
      this.refresh(entry, area.closest(".card"));
    });
    return make(
      "div",
      { class: "field cases" },
      make("label", { for: id }, say("cases")),
      area,
      make("span", { id: id + "-hint", class: "unseen" }, say("cases.hint"))
    );
  }

  counter(entry) {
    const id = "count-" + entry.code;
    const field = make("input", {
      id: id,
      type: "text",
      inputmode: "numeric",
      maxlength: 2,
      autocomplete: "off",
    });
    const turn = (by) => {
      entry.count = Math.min(Math.max(entry.count + by, 1), MOST_CASES);
      this.refresh(entry, field.closest(".card"));
    };
    const key = (name, by) => {
      const one = make(
        "button",
        { type: "button", class: "small-key", "aria-label": say("case." + name) },
        icon(by < 0 ? "minus" : "plus")
      );
      one.addEventListener("click", () => turn(by));
      return one;
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        event.preventDefault();
        turn(event.key === "ArrowUp" ? 1 : -1);
      }
    });
    field.addEventListener("change", () => {
      const typed = parseInt(field.value.normalize("NFKC"), 10);
      entry.count = Math.min(Math.max(typed || 1, 1), MOST_CASES);
      this.refresh(entry, field.closest(".card"));
    });
    return make(
      "div",
      { class: "field counter" },
      make("label", { for: id }, say("case.count")),
      key("fewer", -1),
      field,
      key("more", 1)
    );
  }

  finish(entry) {
    const id = "finished-" + entry.code;
    const box = make("input", { id: id, type: "checkbox" });
    box.checked = entry.finished;
    box.addEventListener("change", () => {
      entry.finished = box.checked;
      this.refresh(entry, box.closest(".card"));
    });
    return make(
      "label",
      { class: "choice finish", for: id },
      box,
      make("span", {}, say("finished"))
    );
  }

  // Brings a card in line with its entry, without taking the focus from anything in it.
  refresh(entry, card) {
    const cases = casesIn(entry.typed).length;
    const field = card.querySelector(".counter input");
    field.value = String(cases || entry.count);
    field.readOnly = cases > 0;
    card.querySelector("textarea").rows = Math.min(entry.typed.split("\n").length, MOST_ROWS);
    card.querySelectorAll(".counter button").forEach((one) => {
      one.disabled = cases > 0;
    });
    tell(card.querySelector(".note"), this.noteOf(entry, cases || entry.count));
    this.count();
  }

  noteOf(entry, cases) {
    if (!entry.finished) {
      return say(this.rateUnfinished ? "finished.rated" : "finished.not");
    }
    return cases > 1 ? say("case.batch") : "";
  }
}

// Case numbers as staff type or paste them; each once.
export function casesIn(typed) {
  const found = typed
    .split(/[\r\n\t,，;；]+/)
    .map((one) => one.replace(/[\u0000-\u001f\u007f]/g, "").trim())
    .filter((one) => one);
  return Array.from(new Set(found));
}
