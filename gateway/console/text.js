// The page's words in the chosen language. The build makes words.js of the files in `words`, one for each language.

import { at, make } from "./dom.js";
import WORDS from "./words.js";

const KEPT = "passe-plat.lang";
const listeners = [];
// For readers who prefer no language of the page.
const OWN = document.documentElement.lang;
const preferred = [localStorage.getItem(KEPT), navigator.language.split("-")[0]];
let lang = preferred.find((tag) => Object.hasOwn(WORDS, tag)) ?? OWN;

export const currentLang = () => lang;

/** The words for `key`, with `{0}`, `{1}` … replaced; `key` itself if it has no words. */
export function t(key, ...values) {
  const words = WORDS[lang][key] ?? key;
  return words.replace(/\{(\d+)\}/g, (place, index) => values[index] ?? place);
}

const AVAILABILITIES = {
  up: "up",
  degraded: "isDegraded",
  deferred: "isDeferred",
  closed: "isClosed",
  down: "isDown",
  unknown: "isUnknown",
};
const STAND_INS = { stale: "keptAnswer", partial: "partial", fallback: "fallback", deferred: "keptRequest" };

/** How available something is, in one word. */
export const availability = (state) => t(AVAILABILITIES[state] ?? state);

/** The word for what stood in for an answer; a kind that is not the gateway's stays as it is. */
export const standIn = (kind) => t(STAND_INS[kind] ?? kind);

/** A label of the gateway's file in this language, or undefined if there is none. */
export const words = (label) => label?.[lang] ?? undefined;

/** The time of day of an instant. */
export function time(at) {
  return new Date(at).toLocaleTimeString(lang);
}

/** The day and time of an instant, without its seconds. */
export function moment(at) {
  return new Date(at).toLocaleString(lang, { dateStyle: "medium", timeStyle: "short" });
}

/** A number of seconds in its two largest units: 2 h 5 min. */
export function span(seconds) {
  const units = [
    ["days", Math.floor(seconds / 86400)],
    ["hours", Math.floor(seconds / 3600) % 24],
    ["minutes", Math.floor(seconds / 60) % 60],
    ["seconds", seconds % 60],
  ];
  const first = units.findIndex(([, count]) => count > 0);
  const shown = units.slice(first, first + 2).filter(([, count]) => count > 0);
  return shown.map(([unit, count]) => t(unit, number(count))).join(" ");
}

/** A number written as is usual in this language. */
export function number(value, digits = 0) {
  return value.toLocaleString(lang, { maximumFractionDigits: digits });
}

/** Calls `listener` now and whenever another language is chosen. */
export function onLang(listener) {
  listeners.push(listener);
  listener();
}

export function startText() {
  const tags = [OWN, ...Object.keys(WORDS).filter((tag) => tag !== OWN)];
  const choices = tags.map(choice);
  at("languages").append(...choices);
  onLang(() => {
    document.documentElement.lang = lang;
    for (const button of choices) button.setAttribute("aria-pressed", button.lang === lang);
    for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
    for (const element of document.querySelectorAll("[data-label]")) {
      element.setAttribute("aria-label", t(element.dataset.label));
    }
  });
}

/** The button that chooses a language. */
function choice(tag) {
  const choose = () => {
    lang = tag;
    localStorage.setItem(KEPT, tag);
    listeners.forEach((listener) => listener());
  };
  return make("button", { id: `lang-${tag}`, type: "button", lang: tag, onclick: choose }, WORDS[tag].language);
}
