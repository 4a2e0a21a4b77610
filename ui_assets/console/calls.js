// The page's calls to the device, and what a refusal means in words.

import { knows, say } from "./texts.js";

const PATIENCE_MS = 15000;
let proof = "login";

export function prove(text) {
  proof = text;
}

export class Refusal extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.code || "other");
    this.status = status;
    this.code = problem.code || "other";
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

export async function call(method, path, body) {
  const ended = new AbortController();
  const timer = window.setTimeout(() => ended.abort(), PATIENCE_MS);
  const asked = { method: method, cache: "no-store", signal: ended.signal, headers: {} };
  if (method !== "GET") {
    asked.headers["X-Haochaping-Console"] = proof;
    // The page sends no referrer; older browsers would then leave out their origin, too.
    asked.referrerPolicy = "same-origin";
  }
  if (body !== undefined) {
    asked.headers["Content-Type"] = "application/json";
    asked.body = JSON.stringify(body);
  }
  let answer;
  let content;
  try {
    answer = await fetch("/console-api/" + path, asked);
    content = await answer.json();
  } catch (failed) {
    throw new Refusal(0, { code: "no-answer" }, 0);
  } finally {
    window.clearTimeout(timer);
  }
  if (!answer.ok) {
    throw new Refusal(answer.status, content, Number(answer.headers.get("Retry-After")) || 0);
  }
  return content;
}

// What staff are told of a refusal; `what` names in a few words what they wanted to do.
export function inWords(refusal, what) {
  if (!(refusal instanceof Refusal)) {
    throw refusal;
  }
  const key = "problem." + refusal.code;
  if (!knows(key)) {
    return say("problem.other", { code: refusal.code });
  }
  return say(key, { what: knows(key + "." + what) ? say(key + "." + what) : what });
}

// An id for a new visit, so that the same call twice is one visit (RFC 9562, version 4).
// crypto.randomUUID is missing in older browsers, and without TLS.
export function newVisit() {
  const bytes = window.crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20, 32]
    .map((end, place, ends) => hex.slice(place ? ends[place - 1] : 0, end))
    .join("-");
}
