// What makes the page pleasanter where scripts run; all of it works without.
// The next page is fetched and put in place, so nothing flickers, and what was written is kept
// when the network fails. Nothing is stored on the phone.

"use strict";

const PATIENCE_MS = 30000;
const SPOKEN_AFTER_MS = 1000;
const pages = [];
let sending = false;
let speaking = 0;

document.addEventListener("submit", (event) => {
  if (!("submitter" in event)) {
    return; // an older browser, which would not tell which key was pressed: it sends by itself
  }
  event.preventDefault();
  if (!sending) {
    send(event.target, event.submitter);
  }
});

document.addEventListener("input", (event) => {
  if (event.target.id === "comment") {
    count(event.target);
  }
});

// A link to a field leads there at once; going to it by its address would be a step of its own.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const field = link && document.getElementById(link.getAttribute("href").slice(1));
  if (field) {
    event.preventDefault();
    field.focus();
  }
});

// A page on which something can be pressed again, whatever way it came back.
window.addEventListener("pageshow", () => {
  sending = false;
  free();
});

window.addEventListener("popstate", (event) => {
  const held = pages[event.state && event.state.page];
  if (held) {
    put(held.body, held.title, held.language);
  } else {
    location.reload();
  }
});

async function send(form, key) {
  sending = true;
  const fields = new URLSearchParams(new FormData(form));
  if (key && key.name) {
    fields.append(key.name, key.value);
  }
  hold(key);
  tell("");
  try {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      body: fields,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout ? AbortSignal.timeout(PATIENCE_MS) : undefined,
    });
    const type = answer.headers.get("Content-Type") || "";
    if (answer.status >= 500 || !type.startsWith("text/html")) {
      throw new Error("not one of our pages");
    }
    turnTo(await answer.text());
  } catch {
    tell(document.body.dataset.failed);
    free();
    if (key) {
      key.focus();
    }
  }
  sending = false;
  free();
}

// Pages that were passed are held, so that the browser's own key leads back to them; once a
// rating is sent they are let go.
function turnTo(text) {
  const next = new DOMParser().parseFromString(text, "text/html");
  if (!next.querySelector("main")) {
    throw new Error("not one of our pages");
  }
  free();
  tell("");
  const here = (history.state && history.state.page) || 0;
  pages.length = here;
  pages[here] = { body: document.body, title: document.title, language: document.documentElement.lang };
  const over = !next.querySelector('input[name="f"]');
  if (over) {
    pages.length = 0;
    history.replaceState({ page: 0 }, "");
  } else {
    history.replaceState({ page: here }, "");
    history.pushState({ page: here + 1 }, "");
  }
  put(next.body, next.title, next.documentElement.lang);
}

function put(body, title, language) {
  const here = history.state && history.state.page;
  if (here !== null && here !== undefined && pages.length) {
    pages[here] = { body, title, language };
  }
  document.documentElement.lang = language;
  document.title = title;
  document.body.replaceWith(body);
  window.scrollTo(0, 0);
  const first = document.querySelector(".problem") || document.getElementById("title");
  if (first) {
    first.focus();
  }
}

// Every key rests while something is sent; the one that was pressed says so.
function hold(pressed) {
  for (const key of document.querySelectorAll("button")) {
    key.disabled = true;
  }
  if (pressed && pressed.classList.contains("primary")) {
    pressed.dataset.label = pressed.textContent;
    pressed.textContent = document.body.dataset.sending;
  }
  document.body.classList.add("busy");
}

function free() {
  for (const key of document.querySelectorAll("button")) {
    key.disabled = false;
    if (key.dataset.label) {
      key.textContent = key.dataset.label;
      delete key.dataset.label;
    }
  }
  document.body.classList.remove("busy");
}

function tell(words) {
  const news = document.getElementById("news");
  if (news) {
    news.textContent = words;
  }
}

// As central counts: characters, not halves of them, and a line's end as one.
function count(field) {
  const length = [...field.value.replace(/\r\n?/g, "\n").trim()].length;
  const most = Number(field.dataset.most);
  const shown = document.getElementById("count");
  shown.textContent = length + " / " + most;
  shown.classList.toggle("over", length > most);
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    const left = document.getElementById("left");
    if (left) {
      left.textContent = left.dataset.said.replace("{n}", length);
    }
  }, SPOKEN_AFTER_MS);
}
