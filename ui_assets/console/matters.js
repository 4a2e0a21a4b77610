// Finds matters as staff type, and lets them choose several without leaving the field.

import { call } from "./calls.js";
import { empty, find, icon, make, show, tell } from "./page.js";
import { say, whenChanged } from "./texts.js";

const PAUSE_MS = 120;
const MOST = 60; // as many as the device tells at once

export class Matters {
  // `chosen` is where choices go (chosen.js); `trouble(refusal)` is told what went wrong.
  constructor(chosen, trouble) {
    this.chosen = chosen;
    this.trouble = trouble;
    this.found = [];
    this.query = "";
    this.at = -1;
    this.timer = 0;
    this.asked = 0;
    this.field = find("search");
    this.list = find("found");
    this.field.addEventListener("input", () => this.later());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) {
        this.at = Number(option.getAttribute("data-place"));
        this.toggle();
      }
    });
    whenChanged(() => this.paint());
  }

  clear() {
    window.clearTimeout(this.timer);
    this.field.value = "";
    return this.look();
  }

  later() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.look(), PAUSE_MS);
  }

  async look() {
    const query = this.field.value.normalize("NFKC").trim();
    const asked = (this.asked += 1);
    let found;
    try {
      found = await call("GET", "matters?q=" + encodeURIComponent(query));
    } catch (refusal) {
      if (asked === this.asked) {
        this.trouble(refusal);
      }
      return;
    }
    if (asked !== this.asked) {
      return; // typed on meanwhile
    }
    this.found = found;
    this.query = query;
    this.at = query && found.length ? 0 : -1;
    this.list.scrollTop = 0;
    this.paint();
  }

  paint() {
    empty(this.list);
    this.found.forEach((matter, place) => this.list.appendChild(this.option(matter, place)));
    this.mark();
    tell(find("found-note"), this.note());
  }

  note() {
    if (!this.query) {
      return this.found.length ? say("search.own") : "";
    }
    if (!this.found.length) {
      return say("search.none");
    }
    const key = this.found.length >= MOST ? "search.many" : "search.found";
    return say(key, { n: this.found.length });
  }

  option(matter, place) {
    const name = make("b", {}, matter.name);
    const words = make("span", { class: "words" }, name, make("small", {}, matter.code));
    const box = make("span", { class: "box" }, icon("check"));
    const row = make(
      "li",
      { role: "option", id: "found-" + place, "data-place": place, "aria-selected": "false" },
      box,
      words
    );
    if (matter.own && this.query) {
      row.appendChild(make("span", { class: "tag" }, say("found.own")));
    }
    return row;
  }

  // Marks what is chosen and where the arrow keys are.
  mark() {
    Array.from(this.list.children).forEach((row, place) => {
      const selected = this.chosen.has(this.found[place].code);
      row.setAttribute("aria-selected", String(selected));
      row.classList.toggle("at", place === this.at);
    });
    if (this.at >= 0) {
      this.field.setAttribute("aria-activedescendant", "found-" + this.at);
    } else {
      this.field.removeAttribute("aria-activedescendant");
    }
    show(this.list, this.found.length > 0);
  }

  move(by) {
    if (!this.found.length) {
      return;
    }
    const last = this.found.length - 1;
    this.at = this.at < 0 ? (by > 0 ? 0 : last) : Math.min(Math.max(this.at + by, 0), last);
    this.mark();
    const row = this.list.children[this.at];
    const above = row.offsetTop - this.list.scrollTop;
    if (above < 0 || above + row.offsetHeight > this.list.clientHeight) {
      row.scrollIntoView({ block: "nearest" });
    }
  }

  toggle() {
    const matter = this.found[this.at];
    if (matter) {
      this.chosen.toggle(matter);
      this.mark();
      this.field.select();
    }
  }

  async key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 };
    if (event.key in steps) {
      event.preventDefault();
      this.move(steps[event.key]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.field.value.normalize("NFKC").trim() !== this.query) {
        window.clearTimeout(this.timer);
        await this.look(); // whoever types fast means what they typed
      }
      this.toggle();
    } else if (event.key === "Escape" && this.field.value) {
      event.preventDefault();
      this.clear();
    }
  }
}
