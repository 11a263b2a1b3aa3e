// The last reload of the configuration, if there is something to say of it.

import { at, make, say } from "./dom.js";
import { upstreamsInSentence } from "./names.js";
import { t, time } from "./text.js";

const VERDICTS = { worse: "changeWorse", gone: "changeGone", better: "changeBetter", new: "changeNew" };
let latest = null;

export const config = {
  hello() {
    latest = null;
  },

  snapshot(snapshot) {
    const { lastReload, needsRestart } = snapshot.status.config;
    const said = [];
    if (lastReload?.successful === false) said.push(t("configRefused", time(lastReload.at)));
    if (lastReload?.worse > 0) said.push(t("configWorse", time(lastReload.at), lastReload.worse));
    const changes = lastReload?.changes ?? [];
    if (changes.length && !lastReload.worse) said.push(t("configBetter", time(lastReload.at)));
    if (needsRestart) said.push(t("configRestart", needsRestart.join(", ")));
    at("config").hidden = said.length === 0;
    at("config").dataset.state = lastReload?.successful === false || lastReload?.worse > 0 ? "bad" : "plain";
    say(at("config-said"), said.join(" "));
    at("config-error").hidden = !lastReload?.error;
    say(at("config-error"), lastReload?.error ?? "");
    showChanges(changes, lastReload?.at);
  },
};

/** Only if they are others: a list that is made again would lose the reader's selection. */
function showChanges(changes, reloaded) {
  if (latest === reloaded) return;
  latest = reloaded;
  const box = at("config-changes");
  box.hidden = changes.length === 0;
  box.querySelector("ul").replaceChildren(...changes.map(item));
}

function item({ verdict, name, down, before, after }) {
  const when = down ? `, ${t("whileDown", upstreamsInSentence([down]))}` : "";
  return make(
    "li",
    {},
    make("b", {}, t(VERDICTS[verdict])),
    ` : ${name}${when} : `,
    make("span", { lang: "en" }, `${before} → ${after}`),
  );
}
