// One request's path through the services as a picture: a bar for each piece of work, within the one that caused it.

import { ask } from "./api.js";
import { at, make, say } from "./dom.js";
import { problemTitle, upstreamName, upstreamNames } from "./names.js";
import { number, onLang, t } from "./text.js";

/** How many requests are remembered with the ids of their traces. */
const MOST = 200;
/** Milliseconds between two looks. */
const PAUSE = 1000;
/** Milliseconds without another span after which a picture is whole. Programs send their spans every five seconds. */
const QUIET = 6000;
/** Milliseconds after which no more spans are expected. */
const END = 60000;
/** Deeper ones are indented no further. */
const DEEPEST = 8;
/** Where traces are: "kept" here, "sent" to a collector, or "off". */
let place = { state: "off" };
const traceIds = new Map();
/** What the dialog shows: a request's `id` and `title`, when it was opened, and its `trace` as far as it is known. */
let shown = null;

export const path = {
  hello(hello) {
    place = hello.traces;
    at("path-close").onclick = () => at("path").close();
    at("path").onclose = () => {
      shown = null;
    };
    if (!shown) say(at("path-title"), t("path"));
    say(at("path-place"), { off: t("pathOff"), sent: t("pathSent", place.to) }[place.state] ?? "");
    at("path-place").hidden = place.state === "kept";
  },

  snapshot(snapshot) {
    for (const { requestId, traceId } of snapshot.requests) if (traceId) traceIds.set(requestId, traceId);
    for (const id of [...traceIds.keys()].slice(0, -MOST)) traceIds.delete(id);
  },
};

onLang(() => {
  if (shown) show();
});

/** The button that shows a request's path; null where no traces are kept. */
export function pathButton(id, title) {
  if (place.state !== "kept" || !id) return null;
  return make(
    "button",
    {
      type: "button",
      class: "small path",
      "data-key": `path-${id}`,
      "aria-label": `${t("path")} : ${title}`,
      "aria-haspopup": "dialog",
      onclick: () => open(id, title),
    },
    t("path"),
  );
}

function open(id, title) {
  const opened = { id, title, at: performance.now(), trace: null, isWhole: false };
  shown = opened;
  show();
  at("path").showModal();
  follow(opened);
}

/** Asks again and again until the picture is whole, since spans come late and in any order. */
async function follow(opened) {
  while (shown === opened && !opened.isWhole) {
    const traceId = traceIds.get(opened.id);
    if (traceId) await look(opened, traceId);
    opened.isWhole ||= performance.now() - opened.at > END;
    if (shown === opened) show();
    await new Promise((done) => setTimeout(done, PAUSE));
  }
}

async function look(opened, traceId) {
  const answer = await ask("GET", `/traces/${traceId}`);
  if (answer.status !== 200) return;
  const trace = answer.body;
  const ids = new Set(trace.spans.map((span) => span.id));
  const begins = trace.spans.filter((span) => !ids.has(span.parent));
  opened.trace = trace;
  opened.isWhole = begins.length === 1 && trace.quietMs > QUIET;
}

function show() {
  const { title, trace, isWhole } = shown;
  say(at("path-title"), t("pathOf", title));
  say(at("path-said"), said(trace, isWhole));
  say(at("path-id"), trace ? trace.traceId : "");
  at("path-legend").hidden = !trace;
  at("path-spans").replaceChildren(...(trace ? tree(trace.spans) : []));
}

function said(trace, isWhole) {
  if (!trace) return t(isWhole ? "pathNone" : "pathAwaited");
  const services = new Set(trace.spans.map((span) => span.service)).size;
  const counted = t("pathCounted", number(trace.spans.length), number(services), number(extent(trace.spans), 1));
  const rest = trace.leftOut > 0 ? t("pathLeftOut", number(trace.leftOut)) : "";
  return [counted, rest, isWhole ? "" : t("pathMore")].join(" ").trim();
}

const extent = (spans) => Math.max(...spans.map((span) => span.beginMs + span.ms));

/** The spans as lists within lists. Whatever has no known parent, or is its own, stands at the top. */
function tree(spans) {
  const ids = new Set(spans.map((span) => span.id));
  const children = Map.groupBy(spans, (span) => (ids.has(span.parent) ? span.parent : null));
  const whole = { names: named(spans), ms: Math.max(extent(spans), 0.001) };
  const drawn = new Set();
  const draw = (span, depth) => {
    if (drawn.has(span.id)) return [];
    drawn.add(span.id);
    const below = (children.get(span.id) ?? []).flatMap((each) => draw(each, depth + 1));
    return [make("li", {}, row(span, depth, whole), below.length ? make("ol", {}, ...below) : null)];
  };
  const top = (children.get(null) ?? []).flatMap((span) => draw(span, 0));
  return [...top, ...spans.flatMap((span) => draw(span, 0))];
}

/** The names of the services, by what those that ask them call them. */
function named(spans) {
  const asked = new Map(spans.map((span) => [span.id, span.attributes["service.peer.name"]]));
  const known = upstreamNames();
  const names = new Map([["gateway", t("gateway")]]);
  for (const { parent, kind, service } of spans) {
    const peer = asked.get(parent);
    if (kind === "server" && known.includes(peer)) names.set(service, upstreamName(peer));
  }
  return names;
}

/** Where the work was done. A service's database is within it, but a machine of its own for who waits. */
function where(span, names) {
  const service = names.get(span.service) ?? span.service;
  return span.attributes["db.system.name"] ? t("pathDatabase", service) : service;
}

function row(span, depth, whole) {
  // A database says nothing of its own work.
  const isWait = span.kind === "client" && !span.attributes["db.system.name"];
  const error = span.attributes["error.type"];
  const bar = make("span", { class: "extent", "data-kind": isWait ? "wait" : "work", "data-error": span.isError });
  bar.style.left = `${(span.beginMs / whole.ms) * 100}%`;
  bar.style.width = `${(span.ms / whole.ms) * 100}%`;
  const element = make(
    "div",
    { class: "span" },
    make(
      "p",
      {},
      make("strong", {}, where(span, whole.names)),
      " ",
      make("code", {}, span.name),
      " ",
      span.isError ? make("span", { class: "state", "data-state": "failed" }, error ? problemTitle(error) : t("failed")) : null,
    ),
    make("span", { class: "quiet numbers" }, `${number(span.ms, span.ms < 10 ? 2 : 1)} ms`),
    make("div", { class: "track", "aria-hidden": "true" }, bar),
  );
  element.style.setProperty("--depth", Math.min(depth, DEEPEST));
  return element;
}
