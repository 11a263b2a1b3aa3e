// The stack as a picture: clients, the gateway, and each upstream at the end of a wire on which requests flow.

import { at, make, say } from "./dom.js";
import { availability, currentLang, number, t, time } from "./text.js";

const MOST_DOTS = 6;
const STATES = { up: "up", down: "isDown", degraded: "probeFails", unknown: "isUnknown", closed: "isClosed", drill: "drill" };
const BREAKERS = { closed: "breakerClosed", open: "breakerOpen", half_open: "breakerHalfOpen" };
const FAILURES = {
  unreachable: "failureUnreachable",
  broken: "failureBroken",
  unavailable: "failureUnavailable",
  probe: "failureProbe",
};
let rows = {};

/** Whether the breaker is letting a request through to find out if the upstream is back. */
const isTried = (status) => status?.breaker === "half_open";

/** The state of an upstream in one word. */
function stateOf(snapshot, name) {
  if (snapshot.drills.some((drill) => drill.target === name)) return "drill";
  const status = snapshot.status.upstreams[name];
  return isTried(status) ? "degraded" : (status?.status ?? "unknown");
}

export const picture = {
  hello(hello) {
    rows = {};
    const upstreams = hello.upstreams.map((upstream) => {
      const row = {
        wire: wire({}),
        chip: make("span", { class: "state" }),
        facts: make("p", { class: "quiet numbers" }),
        error: make("p", { class: "quiet error" }),
        replicas: make("ul", { class: "replicas quiet numbers", "aria-label": t("replicaList") }),
      };
      row.card = make(
        "div",
        { class: "card service", id: `upstream-${upstream.name}` },
        make("h3", {}, upstream.label[currentLang()]),
        row.chip,
        row.facts,
        row.error,
        row.replicas,
      );
      rows[upstream.name] = row;
      return make("li", { class: "branch" }, row.wire, row.card);
    });
    at("picture").replaceChildren(
      make(
        "div",
        { class: "card end" },
        make("h3", {}, t("clients")),
        make("p", { class: "quiet numbers", id: "picture-clients" }),
      ),
      wire({ id: "wire-clients" }),
      make(
        "div",
        { class: "card end strong" },
        make("h3", {}, t("gateway")),
        make("p", { class: "quiet numbers", id: "picture-gateway" }),
      ),
      make("ul", { class: "branches" }, ...upstreams),
    );
  },

  snapshot(snapshot) {
    const { traffic, status } = snapshot;
    say(at("picture-clients"), traffic ? t("connections", number(traffic.connections)) : t("counting"));
    const facts = traffic ? [t("perSecond", number(traffic.requests)), t("inFlight", number(traffic.inFlight))] : [];
    if (status.shared) facts.push(t(status.shared === "up" ? "shares" : "sharesNothing"));
    say(at("picture-gateway"), facts.join(" · ") || t("counting"));
    flow(at("wire-clients"), traffic?.requests ?? 0, "up");
    for (const [name, row] of Object.entries(rows)) show(row, snapshot, name);
  },
};

const wire = (attributes) => make("span", { class: "wire", "aria-hidden": "true", ...attributes });

function show(row, snapshot, name) {
  const state = stateOf(snapshot, name);
  const status = snapshot.status.upstreams[name];
  const seen = snapshot.upstreams[name];
  row.card.dataset.state = state;
  row.chip.dataset.state = state;
  say(row.chip, t(state === "degraded" && isTried(status) ? "halfOpen" : STATES[state]));
  if (!status) return;
  const facts = [t(BREAKERS[status.breaker]), t("inFlight", number(status.inFlight))];
  if (seen) facts.splice(1, 0, t("perSecond", number(seen.requests)));
  if (status.routes) facts.push(t("routesShut", number(status.routes.length)));
  if (seen && seen.p50Ms !== null) facts.push(`p50 ${number(seen.p50Ms, 1)} ms`);
  say(row.facts, facts.join(" · "));
  const { lastError } = status;
  const isWell = state === "up" || !lastError;
  say(row.error, isWell ? "" : t("lastError", time(lastError.at), t(FAILURES[lastError.kind])));
  row.replicas.replaceChildren(...(status.replicas ?? []).map(replica));
  flow(row.wire, seen?.requests ?? 0, state);
}

function replica({ address, status, inFlight, latencyMillis }) {
  const facts = [t("inFlight", number(inFlight))];
  if (latencyMillis !== undefined) facts.push(`${number(latencyMillis)} ms`);
  return make(
    "li",
    {},
    make("code", {}, address),
    make("span", { class: "state", "data-state": status }, availability(status)),
    facts.join(" · "),
  );
}

/** Shows one dot more each time the rate doubles. */
function flow(wire, rate, state) {
  wire.dataset.state = state;
  const isFlowing = !["down", "closed", "unknown"].includes(state);
  const count = isFlowing ? Math.min(MOST_DOTS, Math.ceil(Math.log2(rate + 1))) : 0;
  if (wire.childElementCount === count) return;
  const dots = Array.from({ length: count }, (_, index) => {
    const dot = make("i");
    dot.style.animationDelay = `${(-1.6 * index) / count}s`;
    return dot;
  });
  wire.replaceChildren(...dots);
}
