// The verdict: every service fails in turn, and each feature must give what the file declares. It is asked for twice,
// since the real clients notice.

import { ask } from "./api.js";
import { at, cell, columns, heading, make, row, say } from "./dom.js";
import { tell } from "./drills.js";
import { featureName, featureNames, upstreamNames, upstreamsInSentence } from "./names.js";
import { availability, t } from "./text.js";

const TONES = { works: "up", degraded: "degraded", refused: "down", broken: "failed" };
let given = null;
let allowsDrills = false;
let isJudging = false;

export const verdict = {
  hello(hello) {
    allowsDrills = hello.drills;
    showJudging(isJudging);
    at("verdict-run").onclick = () => at("verdict-ask").showModal();
    at("verdict-cancel").onclick = () => at("verdict-ask").close();
    at("verdict-confirm").onclick = () => {
      at("verdict-ask").close();
      judge();
    };
    show();
  },
};

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
  given = answer.body;
  show();
  at("verdict-section").scrollIntoView({ block: "nearest" });
}

function show() {
  if (!given) return;
  at("verdict-section").hidden = false;
  say(
    at("verdict-said"),
    given.down ? t("verdictDown", upstreamsInSentence(given.down)) : t(given.pass ? "verdictPass" : "verdictFail"),
  );
  const has = (key, name) => given.cells.some((each) => each[key] === name);
  const upstreams = upstreamNames().filter((name) => has("upstream", name));
  const features = featureNames().filter((name) => has("feature", name));
  const titles = [t("feature"), ...upstreams.map((name) => t("whileDown", upstreamsInSentence([name])))];
  const rows = features.map((feature) => {
    const cells = upstreams.map((upstream) =>
      cellOf(given.cells.find((each) => each.feature === feature && each.upstream === upstream)),
    );
    return row(heading({}, featureName(feature)), ...cells);
  });
  // What is down for real is said above.
  const remarks = given.down ? [] : given.remarks.map((remark) => make("p", { class: "error", lang: "en" }, remark));
  at("verdict").replaceChildren(
    make("table", { role: "table", "data-pass": String(given.pass) }, ...columns(titles, rows)),
    ...remarks,
  );
}

function cellOf(judged) {
  const text = judged.pass
    ? t(judged.answer)
    : `${t("unexpected")} : ${t(judged.answer)} (${availability(judged.declared)})`;
  return cell(
    { "data-answer": judged.answer, "data-pass": String(judged.pass) },
    make("span", { class: "state", "data-state": judged.pass ? TONES[judged.answer] : "failed" }, text),
  );
}
