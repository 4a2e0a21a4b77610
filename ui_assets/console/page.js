// Small words for the page's own elements. Text from outside goes in as text alone: nothing
// in the console ever makes markup of a string.

export function find(id) {
  return document.getElementById(id);
}

export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children) {
    element.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  }
  return element;
}

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", "#i-" + name);
  svg.appendChild(use);
  return svg;
}

export function empty(element) {
  while (element.firstChild) {
    element.removeChild(element.firstChild);
  }
}

export function tell(element, text) {
  // The same text again is not written again: it would be read aloud again.
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

export function show(element, shown) {
  element.hidden = !shown;
}

let last = null;
document.addEventListener("focusin", (event) => {
  last = event.target;
});

// True if what had the focus has gone; whoever works by keyboard would have to begin anew.
export function focusIsLost() {
  const active = document.activeElement;
  const nowhere = !active || active === document.body || !isSeen(active);
  return nowhere && last !== null && !isSeen(last);
}

function isSeen(element) {
  return document.contains(element) && element.offsetParent !== null;
}
