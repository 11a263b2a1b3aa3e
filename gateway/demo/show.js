// How the rooms write what they show: prices, times, numbers of orders, failures.

import { at } from "./dom.js";
import { currentLang, t } from "./text.js";

export const euros = (price) => price.toLocaleString(currentLang(), { style: "currency", currency: "EUR" });

/** An instant, to the minute. */
export const clock = (instant) =>
  new Date(instant).toLocaleTimeString(currentLang(), { hour: "2-digit", minute: "2-digit" });

/** The number by which all rooms call an order: the end of a long id. */
export const short = (id) => (id.length > 12 ? id.slice(-4).toUpperCase() : id);

/** A random string with the form of a UUID. `crypto.randomUUID` exists only at localhost or over TLS. */
export function unique() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40; // version 4 (RFC 9562 §5.4)
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The reason of a failure, in the page's words if the answer has none. */
export const reason = ({ status, body }) => body?.detail ?? (status === 0 ? t("noAnswer") : t("failed", status));

/** The same with the age of what is shown instead, or with the promise to go on asking. */
export const shownInstead = (answer, seen) =>
  `${reason(answer)} ${seen === null ? t("asksAgain") : t("shownOf", clock(seen))}`;

/** Replaces the content of an element. The focus stays, on the element with the same id or else on this one. */
export function refill(element, ...children) {
  const active = document.activeElement;
  const had = element.contains(active) && active !== element;
  element.replaceChildren(...children.filter((child) => child !== null));
  if (!had) return;
  const heir = (active.id && at(active.id)) || element;
  heir.focus({ preventScroll: true });
}
