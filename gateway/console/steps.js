// Plays the steps that the gateway's file declares: fills in each request, sends it, and takes values from its answer.

import { ask } from "./api.js";
import { t, words } from "./text.js";

const PUBLIC = "/public";
/** Milliseconds between two looks at an answer that is waited for. */
const PAUSE = 200;
/** The place of a value in a text. */
const PLACE = /\{([A-Za-z_]\w*)\}/g;
const UNIQUE = "unique";

/** A step's failure. The message is shown to the user. */
export class Failed extends Error {}

/** What a journey knows: the values of the file, which a step may replace, and those taken from answers. */
export class Values {
  constructor(ofFile) {
    this.ofFile = Object.keys(ofFile);
    this.known = { ...ofFile };
  }

  /** Forgets what was taken from answers. */
  begin() {
    this.known = Object.fromEntries(this.ofFile.map((name) => [name, this.known[name]]));
  }

  has(name) {
    return (this.known[name] ?? null) !== null;
  }

  of(name) {
    return name === UNIQUE ? unique() : this.known[name];
  }

  /** A template with its values. A text that is one place gives the value itself, or undefined if it has none. */
  fill(template, encode = String) {
    if (Array.isArray(template)) return template.map((each) => this.fill(each));
    if (template !== null && typeof template === "object") {
      return Object.fromEntries(Object.entries(template).map(([key, each]) => [key, this.fill(each)]));
    }
    if (typeof template !== "string") return template;
    const [whole] = template.matchAll(PLACE);
    if (whole?.[0] === template) return this.of(whole[1]) ?? undefined;
    return template.replace(PLACE, (place, name) => encode(this.of(name) ?? ""));
  }
}

/** The first step that must be played before this one, if any. */
export function firstOf(steps, step, values) {
  const own = new Set(step.calls.flatMap((call) => [...Object.keys(call.take), ...Object.keys(call.set)]));
  const used = [...JSON.stringify(step.calls).matchAll(PLACE)].map(([, name]) => name);
  const missing = used.filter((name) => !own.has(name) && !(name in values.known));
  return steps.find((each) => each !== step && takes(each).some((name) => missing.includes(name)));
}

const takes = (step) => step.calls.flatMap((call) => Object.keys(call.take));

/**
 * Plays one step. `send` sends a request, shows it, and fails the step if the answer is not a success and its status is
 * not in `may`.
 */
export async function playStep(step, values, send) {
  for (const name of takes(step)) delete values.known[name];
  for (const call of step.calls) {
    if (call.unless === null || !values.has(call.unless)) await playCall(call, values, send);
  }
}

async function playCall(call, values, send) {
  Object.assign(values.known, values.fill(call.set));
  const [method, target] = call.request.split(" ", 2);
  const path = values.fill(target, encodeURIComponent);
  const options = { headers: values.fill(call.headers), body: values.fill(call.body), may: call.may };
  const wanted = values.fill(call.match);
  const end = performance.now() + (call.wait ?? 0);
  for (;;) {
    const { status, body } = await send(method, path, options);
    if (call.may.includes(status)) return;
    const found = wanted === null ? body : fitting(body, wanted);
    if (found !== undefined) {
      for (const [name, pointer] of Object.entries(call.take)) values.known[name] = at(found, pointer) ?? null;
      return;
    }
    if (performance.now() >= end) throw new Failed(reason(call));
    await new Promise((done) => setTimeout(done, PAUSE));
  }
}

function reason(call) {
  const usual = call.wait === null ? t("noMatch") : t("tookTooLong", call.wait / 1000);
  return words(call.message) ?? usual;
}

/** The first object of a list that has these values, or the object itself if it has them. */
function fitting(body, wanted) {
  const fits = (each) => Object.entries(wanted).every(([key, value]) => each?.[key] === value);
  return (Array.isArray(body) ? body : [body]).find(fits);
}

/** The value at a JSON pointer (RFC 6901). */
function at(value, pointer) {
  const keys = pointer.split("/").slice(1);
  return keys.reduce((inner, key) => inner?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], value);
}

/** Sends one request of a step. Gives the answer and, unless it is a success, the message of its failure. */
export async function callPublic(method, path, options) {
  const answer = await ask(method, PUBLIC + path, options);
  return {
    answer,
    failure: answer.status >= 200 && answer.status < 300 ? null : (answer.body?.detail ?? t("noAnswer")),
  };
}

/** A random string. `crypto.randomUUID` exists only if the page comes from localhost or over TLS. */
function unique() {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
