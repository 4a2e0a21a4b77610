// What the page says, in the language this browser chose.

const KEPT = "haochaping.console.language";
const LANGUAGES = ["zh-CN", "en"];
const changed = [];
let words = {};
let language = LANGUAGES[0];

export function say(key, values) {
  const text = Object.prototype.hasOwnProperty.call(words, key) ? words[key] : key;
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
    values && values[name] !== undefined ? String(values[name]) : whole
  );
}

export function knows(key) {
  return Object.prototype.hasOwnProperty.call(words, key);
}

export function current() {
  return language;
}

export function whenChanged(act) {
  changed.push(act);
}

export async function begin() {
  let kept = null;
  try {
    kept = window.localStorage.getItem(KEPT);
  } catch (refused) {
    kept = null; // a browser that keeps nothing speaks Chinese each time
  }
  await use(LANGUAGES.includes(kept) ? kept : LANGUAGES[0]);
}

export async function toggle() {
  const other = LANGUAGES.find((one) => one !== language);
  await use(other);
  try {
    window.localStorage.setItem(KEPT, other);
  } catch (refused) {
    return; // it holds until the page is left
  }
}

async function use(name) {
  const answer = await fetch("/console/texts/" + name + ".json");
  if (!answer.ok) {
    throw new Error("no texts: " + answer.status);
  }
  words = await answer.json();
  language = name;
  document.documentElement.lang = name;
  fill(document);
  changed.forEach((act) => act());
}

export function fill(root) {
  root.querySelectorAll("[data-say]").forEach((one) => {
    one.textContent = say(one.getAttribute("data-say"));
  });
  root.querySelectorAll("[data-say-label]").forEach((one) => {
    one.setAttribute("aria-label", say(one.getAttribute("data-say-label")));
  });
  root.querySelectorAll("[data-say-placeholder]").forEach((one) => {
    one.setAttribute("placeholder", say(one.getAttribute("data-say-placeholder")));
  });
}
