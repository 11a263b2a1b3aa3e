// The guided journey: plays the steps and shows each request and its answer.

import { at, make, say } from "./dom.js";
import { callPublic, Failed, STEPS } from "./steps.js";
import { number, onLang, standIn, t } from "./text.js";

const SECRETS = ["password", "access_token"];
/** The header fields that show what the gateway did with an answer. */
const FIELDS = ["x-request-id", "x-degraded", "age", "x-drill", "retry-after"];
const states = new Map();
let order = {};
let isPlaying = false;

export function startJourney() {
  at("journey").replaceChildren(...STEPS.map(row));
  at("journey-all").addEventListener("click", playAll);
  onLang(() => {
    for (const step of STEPS) {
      say(part(step, ".title"), t(step.title));
      say(part(step, "button"), t("stepRun"));
      part(step, "button").setAttribute("aria-label", `${t("stepRun")} : ${t(step.title)}`);
      show(step, states.get(step.id) ?? "waiting");
    }
  });
}

function row(step) {
  return make(
    "li",
    { id: `step-${step.id}`, "data-state": "waiting" },
    make(
      "div",
      { class: "step" },
      make("span", { class: "title" }),
      make("span", { class: "state" }),
      make("button", { type: "button", onclick: () => alone(step) }),
    ),
    make("p", { class: "why" }),
    make("div", { class: "calls" }),
  );
}

const part = (step, selector) => at(`step-${step.id}`).querySelector(selector);

function show(step, state) {
  states.set(step.id, state);
  at(`step-${step.id}`).dataset.state = state;
  part(step, ".state").dataset.state = state;
  say(part(step, ".state"), t(state));
}

async function playAll() {
  if (isPlaying) return;
  order = {};
  const began = performance.now();
  for (const step of STEPS) {
    show(step, "waiting");
    say(part(step, ".why"), "");
    part(step, ".calls").replaceChildren();
  }
  say(at("journey-said"), "");
  for (const step of STEPS) {
    const failure = await play(step);
    if (failure) {
      say(at("journey-said"), t("stopped", t(step.title), failure));
      return;
    }
  }
  say(at("journey-said"), t("delivered", number((performance.now() - began) / 1000, 1)));
}

async function alone(step) {
  if (isPlaying) return;
  const missing = (step.needs ?? []).find((name) => !(name in order));
  if (missing) {
    const first = STEPS.find((each) => each.id === { client: "login", dish: "menu", id: "order" }[missing]);
    say(at("journey-said"), t("needs", t(first.title)));
    return;
  }
  const failure = await play(step);
  say(at("journey-said"), failure ? t("stopped", t(step.title), failure) : "");
}

/** Plays one step. Gives the message of its failure, or null. */
async function play(step) {
  isPlaying = true;
  setBusy(true);
  show(step, "running");
  say(part(step, ".why"), "");
  part(step, ".calls").replaceChildren();
  const degraded = new Set();
  const call = async (method, path, options) => {
    const { answer, failure } = await callPublic(method, path, options);
    showCall(step, { method, path, body: options?.body ?? null }, answer);
    const kind = answer.fields.get("x-degraded");
    if (kind) degraded.add(standIn(kind));
    if (failure && !options?.may?.includes(answer.status)) throw new Failed(failure);
    return answer;
  };
  try {
    await step.play(order, call);
    show(step, degraded.size ? "degraded" : "done");
    if (degraded.size) say(part(step, ".why"), t("stoodIn", [...degraded].join(", ")));
    return null;
  } catch (error) {
    // Any other error is a bug in this page and belongs in the browser's console.
    if (!(error instanceof Failed)) console.error(error);
    show(step, "failed");
    say(part(step, ".why"), error.message);
    return error.message;
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
  const calls = part(step, ".calls");
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
  );
  if (last?.dataset.call === title) last.replaceWith(details);
  else calls.append(details);
}

function pretty(body) {
  return JSON.stringify(body, (key, value) => (SECRETS.includes(key) ? "••••••" : value), 2) ?? "";
}
