// The guided journey of the file: plays its steps and shows each request and its answer.

import { at, make, say } from "./dom.js";
import { pathButton } from "./path.js";
import { callPublic, Failed, firstOf, playStep, Values } from "./steps.js";
import { number, standIn, t, words } from "./text.js";
import { add, begin } from "./waterfall.js";

/** Keys whose values are not shown. */
const SECRETS = ["password", "secret", "token", "access_token", "refresh_token", "id_token", "api_key"];
/** The header fields that show what the gateway did with an answer. */
const FIELDS = ["x-request-id", "x-degraded", "age", "x-drill", "retry-after"];
/** On a narrower page, the calls of a step are shown if they are asked for. */
const wide = matchMedia("(min-width: 40rem)");
let declared = null;
let steps = [];
let values = new Values({});
let states = new Map();
let isPlaying = false;
let latest = null;

wide.addEventListener("change", () => {
  for (const calls of at("journey").querySelectorAll(".calls")) calls.open = wide.matches;
});

export const journey = {
  hello(hello) {
    latest = hello.journey;
    takeLatest();
    if (declared) label();
  },
};

/** Shows the journey after a reload, but not while the one before it is played. */
function takeLatest() {
  if (isPlaying || JSON.stringify(latest) === JSON.stringify(declared)) return;
  declared = latest;
  steps = declared?.journey ?? [];
  values = new Values(declared?.values ?? {});
  states = new Map();
  at("journey").replaceChildren(...steps.map(row));
  at("journey-all").onclick = playAll;
  at("journey-section").hidden = steps.length === 0;
  say(at("journey-said"), "");
  if (declared) label();
}

/** Writes every text in the language that is chosen. */
function label() {
  say(at("journey-title"), words(declared.title) ?? t("journey"));
  say(at("journey-intro"), words(declared.intro) ?? t("journeyIntro"));
  for (const step of steps) {
    say(part(step, ".title"), titleOf(step));
    say(part(step, "button"), t("stepRun"));
    part(step, "button").setAttribute("aria-label", `${t("stepRun")} : ${titleOf(step)}`);
    show(step, states.get(step.name) ?? "waiting");
    countCalls(step);
  }
}

const titleOf = (step) => words(step.label) ?? step.name;

function row(step) {
  return make(
    "li",
    { id: `step-${step.name}`, "data-state": "waiting" },
    make("span", { class: "title" }),
    make("span", { class: "state" }),
    make("button", { type: "button", onclick: () => alone(step) }),
    make("p", { class: "why" }),
    make("details", { class: "calls", hidden: true, open: wide.matches }, make("summary"), make("div")),
  );
}

const part = (step, selector) => at(`step-${step.name}`).querySelector(selector);

/** Forgets what the step has shown. */
function clear(step) {
  say(part(step, ".why"), "");
  part(step, ".calls > div").replaceChildren();
  countCalls(step);
}

function countCalls(step) {
  const count = part(step, ".calls > div").childElementCount;
  part(step, ".calls").hidden = count === 0;
  say(part(step, ".calls > summary"), t("calls", number(count)));
}

function show(step, state) {
  states.set(step.name, state);
  at(`step-${step.name}`).dataset.state = state;
  part(step, ".state").dataset.state = state;
  say(part(step, ".state"), t(state));
}

async function playAll() {
  if (isPlaying) return;
  values.begin();
  begin();
  const began = performance.now();
  for (const step of steps) {
    show(step, "waiting");
    clear(step);
  }
  say(at("journey-said"), "");
  for (const step of steps) {
    const failure = await play(step);
    if (failure) {
      sayStopped(step, failure);
      takeLatest();
      return;
    }
  }
  const seconds = number((performance.now() - began) / 1000, 1);
  say(at("journey-said"), words(declared.success)?.replace("{seconds}", seconds) ?? t("played", seconds));
  takeLatest();
}

async function alone(step) {
  if (isPlaying) return;
  const first = firstOf(steps, step, values);
  if (first) {
    say(at("journey-said"), t("needs", titleOf(first)));
    return;
  }
  begin();
  const failure = await play(step);
  if (failure) sayStopped(step, failure);
  else say(at("journey-said"), "");
  takeLatest();
}

function sayStopped(step, { message, isByDrill }) {
  const title = titleOf(step);
  // The step itself says what the drill did.
  say(at("journey-said"), isByDrill ? t("stoppedByDrill", title) : t("stopped", title, message));
}

/** Plays one step. Gives the message of its failure and whether a drill caused it, or null. */
async function play(step) {
  isPlaying = true;
  setBusy(true);
  show(step, "running");
  clear(step);
  const degraded = new Set();
  let isByDrill = false;
  const send = async (method, path, options) => {
    const began = performance.now();
    const { answer, failure } = await callPublic(method, path, options);
    const id = answer.fields.get("x-request-id");
    add({ title: `${method} ${path}`, id, began, ended: performance.now() });
    showCall(step, { method, path, body: options.body ?? null }, answer);
    const kind = answer.fields.get("x-degraded");
    if (kind) degraded.add(standIn(kind));
    isByDrill = answer.fields.has("x-drill");
    if (failure && !options.may.includes(answer.status)) throw new Failed(failure);
    return answer;
  };
  try {
    await playStep(step, values, send);
    show(step, degraded.size ? "degraded" : "done");
    if (degraded.size) say(part(step, ".why"), t("stoodIn", [...degraded].join(", ")));
    return null;
  } catch (error) {
    // Any other error is a bug in this page and belongs in the browser's console.
    if (!(error instanceof Failed)) console.error(error);
    show(step, "failed");
    const { message } = error;
    say(part(step, ".why"), isByDrill ? t("byDrill", message) : message);
    return { message, isByDrill };
  } finally {
    isPlaying = false;
    setBusy(false);
  }
}

/** Sets `aria-disabled` rather than `disabled`, which would take the focus away. */
function setBusy(isBusy) {
  for (const button of document.querySelectorAll("#journey button, #journey-all"))
    button.setAttribute("aria-disabled", String(isBusy));
}

/** Shows a call. A repeated request replaces the one before it. */
function showCall(step, request, answer) {
  const title = `${request.method} ${request.path}`;
  const calls = part(step, ".calls > div");
  const last = calls.lastElementChild;
  const fields = FIELDS.filter((name) => answer.fields.has(name)).map((name) => `${name}: ${answer.fields.get(name)}`);
  const details = make(
    "details",
    { "data-call": title, open: last?.dataset.call === title && last.open },
    make(
      "summary",
      {},
      make("code", {}, title),
      " ",
      make("b", { class: "numbers" }, `${answer.status || "–"}`),
      make("span", { class: "quiet numbers" }, ` ${number(answer.ms, 1)} ms`),
    ),
    request.body ? make("pre", {}, pretty(request.body)) : null,
    make("pre", {}, [...fields, "", pretty(answer.body)].join("\n")),
    pathButton(answer.fields.get("x-request-id"), title),
  );
  if (last?.dataset.call === title) last.replaceWith(details);
  else calls.append(details);
  countCalls(step);
}

function pretty(body) {
  return JSON.stringify(body, (key, value) => (SECRETS.includes(key) ? "••••••" : value), 2) ?? "";
}
