// Failure drills: a button for each way to fail, the drills under way, and the verdict on all of them.

import { ask } from "./api.js";
import { at, columns, make, say } from "./dom.js";
import { featureName } from "./features.js";
import { availability, currentLang, number, t } from "./text.js";

const SPAN = "30s";
const MODES = { down: {}, slow: { delay: "2s" }, errors: {}, reset: {}, flaky: { rate: 0.5 } };
let said = {};
let routes = null;
let verdict = null;
let allowsDrills = false;
let isJudging = false;

export const drills = {
  hello(hello) {
    said = {};
    allowsDrills = hello.drills;
    showJudging(isJudging);
    at("verdict-run").onclick = judge;
    if (!hello.drills) {
      at("drills").replaceChildren(make("p", {}, t("drillsOff")));
      return;
    }
    routes = make("ul", { id: "drills-routes" });
    at("drills").replaceChildren(...hello.upstreams.map(row), routes);
    showVerdict();
  },

  snapshot(snapshot) {
    for (const [name, element] of Object.entries(said)) {
      const drill = snapshot.drills.find((each) => each.target === name);
      say(element, drill ? describe(drill) : t("noDrill"));
      element.dataset.state = drill ? "drill" : "none";
      for (const mode of Object.keys(MODES)) {
        at(`drill-${name}-${mode}`).setAttribute("aria-pressed", String(drill?.mode === mode));
      }
    }
    const ofRoutes = snapshot.drills.filter((drill) => drill.target.startsWith("/"));
    routes?.replaceChildren(...ofRoutes.map(routeRow));
  },
};

const describe = (drill) => `${t(drill.mode)} · ${t("endsIn", number(drill.endsInSeconds))}`;

/** A drill on a single route. Such a drill cannot be begun on this page. */
function routeRow(drill) {
  return make(
    "li",
    {},
    make("code", {}, drill.target),
    " ",
    make("span", { class: "state", "data-state": "drill" }, describe(drill)),
  );
}

function row(upstream) {
  const { name } = upstream;
  const label = upstream.label[currentLang()];
  said[name] = make("span", { class: "state" }, t("noDrill"));
  const button = (id, key, act) =>
    make(
      "button",
      { type: "button", id: `drill-${name}-${id}`, "aria-label": `${label} : ${t(key)}`, onclick: act },
      t(key),
    );
  const modes = Object.keys(MODES).map((mode) => button(mode, mode, () => begin(name, mode)));
  return make(
    "div",
    { class: "drill", role: "group", "aria-label": label },
    make("h3", {}, label),
    said[name],
    make(
      "div",
      { class: "buttons" },
      ...modes,
      button("end", "end", () => tell(ask("DELETE", `/drills/${name}`))),
    ),
  );
}

function begin(name, mode) {
  return tell(ask("PUT", `/drills/${name}`, { body: { mode, for: SPAN, ...MODES[mode] } }));
}

/** Shows why a request failed, or clears the message if it succeeded. Gives the answer, or null for a failure. */
async function tell(asked) {
  const answer = await asked;
  const isWell = answer.status >= 200 && answer.status < 300;
  say(at("drills-said"), isWell ? "" : (answer.body?.detail ?? t("noAnswer")));
  return isWell ? answer : null;
}

function showJudging(isOn) {
  isJudging = isOn;
  at("verdict-run").disabled = isJudging || !allowsDrills;
}

async function judge() {
  showJudging(true);
  say(at("drills-said"), t("verdictWait"));
  const answer = await tell(ask("POST", "/drills/verdict"));
  showJudging(false);
  if (!answer) return;
  verdict = answer.body;
  const down = verdict.down?.join(", ");
  say(at("drills-said"), down ? t("verdictDown", down) : t(verdict.pass ? "verdictPass" : "verdictFail"));
  showVerdict();
}

function showVerdict() {
  if (!verdict) return;
  const upstreams = [...new Set(verdict.cells.map((cell) => cell.upstream))];
  const features = [...new Set(verdict.cells.map((cell) => cell.feature))];
  const titles = [t("feature"), ...upstreams.map((name) => t("whileDown", name))];
  const rows = features.map((feature) => {
    const cells = upstreams.map((upstream) =>
      cellOf(verdict.cells.find((cell) => cell.feature === feature && cell.upstream === upstream)),
    );
    return make("tr", {}, make("th", { scope: "row" }, featureName(feature)), ...cells);
  });
  const remarks = verdict.remarks.map((remark) => make("p", { class: "error", lang: "en" }, remark));
  at("verdict").replaceChildren(
    make("table", { "data-pass": String(verdict.pass) }, ...columns(titles, rows)),
    ...remarks,
  );
}

function cellOf(cell) {
  const wanted = availability(cell.declared);
  const text = cell.pass ? `${t(cell.answer)}` : `${t("unexpected")} : ${t(cell.answer)} (${wanted})`;
  return make(
    "td",
    { "data-answer": cell.answer, "data-pass": String(cell.pass) },
    make("span", { class: "state", "data-state": toneOf(cell) }, text),
  );
}

function toneOf(cell) {
  if (!cell.pass) return "failed";
  return { works: "up", degraded: "degraded", refused: "down", broken: "failed" }[cell.answer];
}
