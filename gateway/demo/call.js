// Sends requests to the public API, with the token of the room that asks, and tells whether the gateway answers at all.

import { ask } from "./api.js";

/** Milliseconds after which a request counts as unanswered. The gateway itself gives up sooner. */
const TIMEOUT = 20000;

let answered = Date.now();
let isLost = false;
let tell = () => {};

/** Calls `listener` with the time of the last answer when there are no more, and with null when there is one again. */
export function onConnection(listener) {
  tell = listener;
}

/** The fields that show who asks: none without a session. */
export const bearer = (session) => (session?.token ? { Authorization: `Bearer ${session.token}` } : {});

/** Sends one request, as `ask` does, for the owner of the session if there is one. The answer tells the token too. */
export async function call(session, method, path, { headers = {}, ...options } = {}) {
  const token = session?.token;
  const fields = { ...bearer(session), ...headers };
  const signal = AbortSignal.timeout(TIMEOUT);
  const answer = await ask(method, path, { ...options, headers: fields, signal });
  heard(answer.status);
  return { ...answer, token };
}

/** Takes note of an answer, or of none, which is status 0. */
export function heard(status) {
  if (status !== 0) answered = Date.now();
  if (isLost === (status === 0)) return;
  isLost = status === 0;
  tell(isLost ? answered : null);
}
