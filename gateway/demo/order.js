// Places an order once, however often it is sent: the same order goes out with the same Idempotency-Key until its answer
// says what has become of it.

import { call } from "./call.js";
import { unique } from "./show.js";

const PENDING = "passe-plat.demo.pending";
const CLIENT = "passe-plat.demo.client";

/** The client without an account: this browser. */
export function ownClient() {
  const known = localStorage.getItem(CLIENT);
  if (known) return known;
  const made = unique();
  localStorage.setItem(CLIENT, made);
  return made;
}

/** Whether an answer leaves open what has become of the order, so that the next try must be the same request. */
export const isOpen = ({ status }) => status === 0 || status >= 500 || [401, 403, 408, 429].includes(status);

export async function place(session, body) {
  const text = JSON.stringify(body);
  const pending = JSON.parse(localStorage.getItem(PENDING) ?? "null");
  const key = pending?.text === text ? pending.key : unique();
  localStorage.setItem(PENDING, JSON.stringify({ key, text }));
  const answer = await call(session, "POST", "/order-api/commandes", { body, headers: { "Idempotency-Key": key } });
  if (!isOpen(answer)) localStorage.removeItem(PENDING);
  return answer;
}
