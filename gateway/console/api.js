// Sends requests to the server and reads its answers.

import { currentLang } from "./text.js";

/**
 * Sends one request and reads the whole answer: its status, the milliseconds it took, its header fields and its body.
 * Status 0 means that no answer came, or that `signal` has ended the wait.
 */
export async function ask(method, path, { body = null, headers = {}, signal = null } = {}) {
  const began = performance.now();
  const fields = { "Accept-Language": currentLang(), ...headers };
  if (body !== null) fields["Content-Type"] = "application/json";
  try {
    const sent = body === null ? null : JSON.stringify(body);
    const answer = await fetch(path, { method, headers: fields, body: sent, signal });
    const text = await answer.text();
    return { status: answer.status, ms: performance.now() - began, fields: answer.headers, body: parse(text) };
  } catch {
    return { status: 0, ms: performance.now() - began, fields: new Headers(), body: null };
  }
}

/** The body as JSON if it parses as JSON, else as text; null if it is empty. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text === "" ? null : text;
  }
}
