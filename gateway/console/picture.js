// The stack as a picture: clients, the gateway, and each upstream at the end of a wire on which requests flow.

import { at, make, say } from "./dom.js";
import { currentLang, number, t } from "./text.js";

const MOST_DOTS = 6;
const STATES = { up: "up", down: "isDown", degraded: "probeFails", unknown: "isUnknown", drill: "drill" };
const BREAKERS = { closed: "breakerClosed", open: "breakerOpen", half_open: "breakerHalfOpen" };
let rows = {};

/** Whether the breaker is letting a request through to find out if the upstream is back. */
const isTried = (status) => status?.breaker === "half_open";

/** The state of an upstream in one word. */
export function stateOf(snapshot, name) {
  if (snapshot.drills.some((drill) => drill.target === name)) return "drill";
  const status = snapshot.status.upstreams[name];
  return isTried(status) ? "degraded" : (status?.status ?? "unknown");
}

export const picture = {
  hello(hello) {
    rows = {};
    const upstreams = hello.upstreams.map((upstream) => {
      const row = {
        wire: make("span", { class: "wire", "aria-hidden": "true" }),
        chip: make("span", { class: "state" }),
        facts: make("p", { class: "quiet numbers" }),
        error: make("p", { class: "quiet error" }),
      };
      row.card = make(
        "div",
        { class: "card", id: `upstream-${upstream.name}` },
        make("h3", {}, upstream.label[currentLang()]),
        row.chip,
        row.facts,
        row.error,
      );
      rows[upstream.name] = row;
      return make("li", { class: "branch" }, row.wire, row.card);
    });
    const clients = make("p", { class: "quiet numbers", id: "picture-clients" });
    const gateway = make("p", { class: "quiet numbers", id: "picture-gateway" });
    at("picture").replaceChildren(
      make(
        "div",
        { class: "card end" },
        make("h3", {}, t("clients")),
        make("p", { class: "quiet" }, t("clientsNote")),
        clients,
      ),
      make("span", { class: "wire", id: "wire-clients", "aria-hidden": "true" }),
      make("div", { class: "card end strong" }, make("h3", {}, t("gateway")), gateway),
      make("ul", { class: "branches" }, ...upstreams),
    );
  },

  snapshot(snapshot) {
    const { traffic, status } = snapshot;
    say(at("picture-clients"), t("connections", number(traffic.connections)));
    const facts = [t("perSecond", number(traffic.requests)), t("inFlight", number(traffic.inFlight))];
    if (status.shared) facts.push(t(status.shared === "up" ? "shares" : "sharesNothing"));
    say(at("picture-gateway"), facts.join(" · "));
    flow(at("wire-clients"), traffic.requests, "up");
    for (const [name, row] of Object.entries(rows)) show(row, snapshot, name);
  },
};

function show(row, snapshot, name) {
  const state = stateOf(snapshot, name);
  const status = snapshot.status.upstreams[name];
  const seen = snapshot.upstreams[name];
  row.card.dataset.state = state;
  row.chip.dataset.state = state;
  say(row.chip, t(state === "degraded" && isTried(status) ? "halfOpen" : STATES[state]));
  const facts = [
    t(BREAKERS[status.breaker]),
    t("perSecond", number(seen.requests)),
    t("inFlight", number(status.inFlight)),
  ];
  if (status.replicas) {
    const up = status.replicas.filter((replica) => replica.status === "up");
    facts.push(t("replicas", number(up.length), number(status.replicas.length)));
  }
  if (status.routes) facts.push(t("routesShut", number(status.routes.length)));
  if (seen.p50Ms !== null) facts.push(`p50 ${number(seen.p50Ms, 1)} ms`);
  say(row.facts, facts.join(" · "));
  const isWell = state === "up" || !status.lastError;
  say(row.error, isWell ? "" : t("lastError", status.lastError.cause));
  flow(row.wire, seen.requests, state);
}

/** Shows one dot more each time the rate doubles. */
function flow(wire, rate, state) {
  wire.dataset.state = state;
  const count = state === "down" ? 0 : Math.min(MOST_DOTS, Math.ceil(Math.log2(rate + 1)));
  if (wire.childElementCount === count) return;
  const dots = Array.from({ length: count }, (_, index) => {
    const dot = make("i");
    dot.style.animationDelay = `${(-1.6 * index) / count}s`;
    return dot;
  });
  wire.replaceChildren(...dots);
}
