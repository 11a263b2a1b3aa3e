// The journey as a picture: when each request began, how long it took, and how much of that time went to a service. The
// gateway tells the last of these within a second of the answer.

import { at, make } from "./dom.js";
import { upstreamName } from "./names.js";
import { pathButton } from "./path.js";
import { number, t } from "./text.js";

/** How many requests are remembered that the page has not had the answer of. */
const MOST = 100;
let calls = [];
const seen = new Map();

export const waterfall = {
  hello: () => show(),

  snapshot(snapshot) {
    for (const request of snapshot.requests) seen.set(request.requestId, request);
    for (const id of [...seen.keys()].slice(0, -MOST)) seen.delete(id);
    if (calls.filter(learn).length) show();
  },
};

/** Begins another picture. */
export function begin() {
  calls = [];
  show();
}

/** Adds a request: its `title`, its `id`, and when it `began` and `ended`. */
export function add(call) {
  calls.push(call);
  learn(call);
  show();
}

/** Takes over what the gateway has told of a call. Gives whether that is news. */
function learn(call) {
  if (call.told || !seen.has(call.id)) return false;
  call.told = seen.get(call.id);
  return true;
}

function show() {
  at("waterfall-box").hidden = calls.length === 0;
  const rows = [];
  for (const call of calls) {
    // A call that is repeated until something has happened has one row.
    if (rows.at(-1)?.[0].title === call.title) rows.at(-1).push(call);
    else rows.push([call]);
  }
  at("waterfall").replaceChildren(...rows.map(row));
}

function row(of) {
  return make(
    "li",
    {},
    make("code", { title: of[0].title }, of[0].title),
    make("span", { class: "quiet numbers" }, took(of)),
    pathButton(of.at(-1).id, of[0].title),
    make("div", { class: "track", "aria-hidden": "true" }, ...of.map(bar)),
  );
}

function took(of) {
  const sum = (time) => of.reduce((all, call) => all + (time(call) ?? 0), 0);
  const whole = number(sum((call) => call.ended - call.began), 1);
  const service = of.find((call) => call.told?.upstream)?.told.upstream;
  if (!service) return `${whole} ms`;
  return t("took", whole, number(sum((call) => call.told?.upstreamMs), 1), upstreamName(service));
}

function bar(call) {
  const begin = calls[0].began;
  const end = Math.max(...calls.map((each) => each.ended));
  const percent = (part, all) => `${Math.min(100, (part / all) * 100)}%`;
  const time = call.ended - call.began;
  const element = make("span", { class: "extent" });
  element.style.left = percent(call.began - begin, end - begin);
  element.style.width = percent(time, end - begin);
  const service = call.told?.upstreamMs;
  if (service) {
    const part = make("span", { class: "part" });
    part.style.width = percent(service, time);
    element.append(part);
  }
  return element;
}
