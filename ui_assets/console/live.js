// Keeps the page up to date without a reload: by server-sent events, and where a proxy, an
// old browser or too many pages are in the way, by asking every few seconds.

import { call } from "./calls.js";

const ASK_MS = 2500;
const SILENT_MS = 40000; // the device says something every 15 s
const AGAIN_MS = [2000, 5000, 15000, 30000];

export class Live {
  // `told` holds what to do: window(seen), over(code), lost(), trouble().
  constructor(told) {
    this.told = told;
    this.visit = "";
    this.source = null;
    this.running = false;
    this.failures = 0;
    this.timer = 0;
    this.retry = 0;
    this.watch = 0;
  }

  start() {
    this.stop();
    this.running = true;
    this.failures = 0;
    this.listen();
  }

  stop() {
    this.running = false;
    this.hangUp();
    window.clearTimeout(this.timer);
    window.clearTimeout(this.retry);
  }

  // Take up what a call's own answer said.
  seen(seen) {
    if (!this.running) {
      return;
    }
    if (seen.visit) {
      this.visit = seen.visit.visit;
    }
    this.told.window(seen);
  }

  listen() {
    if (!window.EventSource) {
      this.ask();
      return;
    }
    const source = new EventSource("/console-api/events" + this.query());
    this.source = source;
    this.heard();
    source.onopen = () => this.heard();
    source.addEventListener("window", (event) => {
      this.failures = 0;
      this.heard();
      this.seen(JSON.parse(event.data));
    });
    source.addEventListener("beat", () => this.heard());
    source.addEventListener("trouble", () => {
      this.heard();
      this.told.trouble();
    });
    source.addEventListener("over", (event) => this.end(JSON.parse(event.data).code));
    source.addEventListener("full", () => this.fallBack());
    source.onerror = () => this.fallBack();
  }

  heard() {
    window.clearTimeout(this.watch);
    this.watch = window.setTimeout(() => this.fallBack(), SILENT_MS);
  }

  hangUp() {
    window.clearTimeout(this.watch);
    if (this.source) {
      this.source.close();
      this.source = null;
    }
  }

  fallBack() {
    if (!this.running) {
      return;
    }
    this.hangUp();
    const wait = AGAIN_MS[Math.min(this.failures, AGAIN_MS.length - 1)];
    this.failures += 1;
    window.clearTimeout(this.retry);
    this.retry = window.setTimeout(() => {
      window.clearTimeout(this.timer);
      this.listen();
    }, wait);
    this.ask();
  }

  async ask() {
    window.clearTimeout(this.timer);
    try {
      const seen = await call("GET", "window" + this.query());
      if (this.source === null) {
        this.seen(seen);
      }
    } catch (refusal) {
      if (refusal.status === 401) {
        this.end(refusal.code);
        return;
      }
      if (this.running && refusal.status === 0) {
        this.told.lost();
      } else if (this.running) {
        this.told.trouble();
      }
    }
    if (this.running && this.source === null) {
      this.timer = window.setTimeout(() => this.ask(), ASK_MS);
    }
  }

  end(code) {
    if (this.running) {
      this.stop();
      this.told.over(code);
    }
  }

  query() {
    return this.visit ? "?visit=" + encodeURIComponent(this.visit) : "";
  }
}
