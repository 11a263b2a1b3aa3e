// Follows an order by its events until it has ended, through outages and broken connections.

import { bearer, call, heard } from "./call.js";
import { make, say } from "./dom.js";
import { clock, reason, short } from "./show.js";
import { currentLang, t } from "./text.js";

/** Milliseconds before a stream that has broken off, or a waiting order, is asked for again. */
const PAUSE = 2000;
/** Milliseconds without a byte after which a stream counts as broken off. The gateway sends one every 15 s. */
const SILENCE = 40000;
const STEPS = ["EN_ATTENTE", "EN_PREPARATION", "PRETE", "EN_LIVRAISON", "LIVREE"];
const WORDS = {
  EN_ATTENTE: "received",
  EN_PREPARATION: "preparing",
  PRETE: "ready",
  EN_LIVRAISON: "onItsWay",
  LIVREE: "delivered",
  ANNULEE: "cancelled",
};
/** What a delivery says of its order. */
const BY_DELIVERY = { RECUPEREE: "EN_LIVRAISON", EN_ROUTE_CLIENT: "EN_LIVRAISON", LIVREE: "LIVREE" };

const sleep = (pause) => new Promise((done) => setTimeout(done, pause));

/** Shows one order. `order` has its id, or the address of an order that is yet to be confirmed. */
export function track(order, { session, confirmed, gone }) {
  const title = make("h4");
  const word = make("p", { class: "now", role: "status" });
  const path = make("ol", { class: "path" });
  const remarks = make("div", { class: "quiet", role: "status" });
  const element = make("li", { class: "card order" }, title, word, path, remarks);
  let status = order.id ? "EN_ATTENTE" : null;
  let notes = [];
  let isStopped = false;
  const stopping = new AbortController();

  const step = (name) =>
    make(
      "li",
      { "aria-current": name === status && "step", "data-done": STEPS.indexOf(name) <= STEPS.indexOf(status) },
      t(WORDS[name]),
    );

  function redraw() {
    element.dataset.status = status ?? "PENDING";
    say(title, status ? t("order", short(order.id)) : t("orderKept"));
    say(word, status ? t(WORDS[status] ?? status) : "");
    path.replaceChildren(...(STEPS.includes(status) ? STEPS.map(step) : []));
    say(remarks, notes.map((words) => words()).join(" "));
  }

  function remark(...next) {
    notes = next;
    redraw();
  }

  /** Services that are away leave gaps: the furthest of what the others say is what is known. */
  function show({ order: placed, kitchen, delivery, meta }) {
    const known = [placed?.status, kitchen?.status, BY_DELIVERY[delivery?.statut]].filter(Boolean);
    const next = known.includes("ANNULEE") ? "ANNULEE" : STEPS.findLast((name) => known.includes(name));
    const { parts } = meta;
    const isAway = (part) => ["unavailable", "timeout", "stale"].includes(parts[part]?.state);
    const gaps = [];
    if (parts.order.state === "stale") {
      const seen = Date.now() - parts.order.ageSeconds * 1000;
      gaps.push(() => t("orderOf", clock(seen)));
    }
    if (isAway("kitchen")) gaps.push(() => t("kitchenUnseen"));
    if (isAway("delivery")) gaps.push(() => t("deliveryUnseen"));
    status = next ?? status;
    remark(...gaps);
  }

  const isEnded = () => status === "LIVREE" || status === "ANNULEE";

  /** Reads events by `fetch`, since an `EventSource` can send no token. */
  async function stream() {
    const headers = { "Accept-Language": currentLang(), ...bearer(session) };
    const answer = await fetch(`/suivi/${encodeURIComponent(order.id)}/flux`, { headers, signal: stopping.signal });
    heard(answer.status);
    if (answer.status !== 200) {
      const failure = { status: answer.status, body: await answer.json() };
      if (answer.status === 404) gone();
      else remark(() => reason(failure));
      return;
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const timer = setTimeout(() => reader.cancel(), SILENCE);
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (done) return;
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const event of events) {
        const data = event.split("\n").find((line) => line.startsWith("data: "));
        if (data && event.includes("event: suivi")) show(JSON.parse(data.slice(6)));
      }
    }
  }

  /** Waits until the order is confirmed or refused. */
  async function confirm() {
    const answer = await call(session, "GET", order.waiting);
    const state = answer.body?.status;
    if (answer.status === 200 && state === "accepted") {
      order.id = answer.body.result?.id ?? answer.body.id;
      status = "EN_ATTENTE";
      notes = [];
      confirmed(order);
      redraw();
    } else if (answer.status === 200 && state === "pending") {
      remark(() => answer.body.message);
    } else if (answer.status === 200) {
      isStopped = true;
      // Without a problem, nobody refused it: it was withdrawn, or has expired.
      const why = { status: 0, body: answer.body.problem ?? { detail: answer.body.message } };
      element.dataset.refused = true;
      remark(() => t("orderRefused", reason(why)));
    } else if (answer.status === 404) {
      gone();
    } else {
      remark(() => reason(answer));
    }
  }

  async function follow() {
    while (!isStopped && !isEnded()) {
      // A connection that breaks off is no failure of the order; the next round asks again.
      if (order.id) await stream().catch(() => remark(() => t("asksAgain")));
      else await confirm();
      if (!isStopped && !isEnded()) await sleep(PAUSE);
    }
  }

  if (order.message) notes = [() => order.message];
  redraw();
  follow();
  return {
    element,
    redraw,

    stop() {
      isStopped = true;
      stopping.abort();
    },
  };
}
