// Failure drills: a button for each way to fail, and the drills under way.

import { ask } from "./api.js";
import { isClosedSoon } from "./closures.js";
import { at, make, say } from "./dom.js";
import { currentLang, number, t } from "./text.js";

const SECONDS = 30;
const SPAN = `${SECONDS}s`;
const MODES = { down: {}, slow: { delay: "2s" }, errors: {}, reset: {}, flaky: { rate: 0.5 } };
let said = {};
let routes = null;

export const drills = {
  hello(hello) {
    said = {};
    if (!hello.drills) {
      at("drills").replaceChildren(make("p", {}, t("drillsOff")));
      return;
    }
    routes = make("ul", { id: "drills-routes" });
    at("drills").replaceChildren(...hello.upstreams.map(row), routes);
  },

  snapshot(snapshot) {
    for (const [name, element] of Object.entries(said)) {
      const drill = snapshot.drills.find((each) => each.target === name);
      const isClosed = isClosedSoon(snapshot, name, SECONDS);
      say(element, drill ? describe(drill) : t(isClosed ? "closedNoDrill" : "noDrill"));
      element.dataset.state = drill ? "drill" : "none";
      for (const mode of Object.keys(MODES)) {
        const button = at(`drill-${name}-${mode}`);
        button.setAttribute("aria-pressed", String(drill?.mode === mode));
        // It keeps the focus, unlike a disabled one, and its description says why it does nothing.
        button.setAttribute("aria-disabled", String(isClosed));
      }
      showEnd(name, drill !== undefined);
    }
    const ofRoutes = snapshot.drills.filter((drill) => drill.target.startsWith("/"));
    routes?.replaceChildren(...ofRoutes.map(routeRow));
  },
};

const describe = (drill) => `${t(drill.mode)} · ${t("endsIn", number(drill.endsInSeconds))}`;

/** A button that goes leaves the focus to the first one of its row. */
function showEnd(name, isUnderWay) {
  const end = at(`drill-${name}-end`);
  if (document.activeElement === end && !isUnderWay) at(`drill-${name}-down`).focus();
  end.hidden = !isUnderWay;
}

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
  said[name] = make("span", { class: "state", id: `drill-${name}-said` }, t("noDrill"));
  const button = (id, key, act) =>
    make(
      "button",
      {
        type: "button",
        id: `drill-${name}-${id}`,
        "aria-label": `${t(key)} : ${label}`,
        "aria-describedby": said[name].id,
        onclick: (event) => event.currentTarget.getAttribute("aria-disabled") !== "true" && act(),
      },
      t(key),
    );
  const modes = Object.keys(MODES).map((mode) => button(mode, mode, () => begin(name, mode)));
  const end = button("end", "end", () => tell(ask("DELETE", `/drills/${name}`)));
  end.hidden = true;
  return make(
    "div",
    { class: "drill", role: "group", "aria-label": label },
    make("h3", {}, label),
    make("div", { class: "under-way" }, said[name], end),
    make("div", { class: "buttons" }, ...modes),
  );
}

function begin(name, mode) {
  return tell(ask("PUT", `/drills/${name}`, { body: { mode, for: SPAN, ...MODES[mode] } }));
}

/** Shows why a request failed, or clears the message if it succeeded. Gives the answer, or null for a failure. */
export async function tell(asked) {
  const answer = await asked;
  const isWell = answer.status >= 200 && answer.status < 300;
  say(at("drills-said"), isWell ? "" : (answer.body?.detail ?? t("noAnswer")));
  return isWell ? answer : null;
}
