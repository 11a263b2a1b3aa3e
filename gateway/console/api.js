// Asks the server, and says what came of it.

import { currentLang } from "./text.js";

/**
 * One request, whose answer is read whole: its status, how many milliseconds it took, fields and body. A status of 0
 * means that there was no answer.
 */
export async function ask(method, path, { body = null, headers = {} } = {}) {
  const began = performance.now();
  const fields = { "Accept-Language": currentLang(), ...headers };
  if (body !== null) fields["Content-Type"] = "application/json";
  try {
    const answer = await fetch(path, { method, headers: fields, body: body === null ? null : JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, ms: performance.now() - began, fields: answer.headers, body: parse(text) };
  } catch {
    return { status: 0, ms: performance.now() - began, fields: new Headers(), body: null };
  }
}

/** JSON where it is that. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text === "" ? null : text;
  }
}
