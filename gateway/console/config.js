// The last reload of the configuration, if there is something to say of it.

import { at, say } from "./dom.js";
import { t, time } from "./text.js";

export const config = {
  snapshot(snapshot) {
    const { lastReload, needsRestart } = snapshot.status.config;
    const said = [];
    if (lastReload?.successful === false) said.push(t("configRefused", time(lastReload.at), lastReload.error));
    if (lastReload?.worse > 0) said.push(t("configWorse", time(lastReload.at), lastReload.worse));
    if (needsRestart) said.push(t("configRestart", needsRestart.join(", ")));
    at("config").hidden = said.length === 0;
    say(at("config"), said.join(" "));
  },
};
