// All words of the page in both languages but those of the file, and the language chosen.

import { at } from "./dom.js";

const WORDS = {
  skip: ["Aller au contenu", "Skip to the content"],
  languages: ["Langue", "Language"],
  picture: ["En ce moment", "Right now"],
  clients: ["Clients", "Clients"],
  clientsNote: ["navigateurs, applications", "browsers, apps"],
  gateway: ["Passerelle", "Gateway"],
  journey: ["Un parcours", "A journey"],
  journeyAll: ["Tout jouer", "Play it all"],
  journeyIntro: [
    "Des requêtes à l’API publique, l’une après l’autre. Mettez un service en panne, puis rejouez.",
    "Requests to the public API, one after another. Make a service fail, then play it again.",
  ],
  stepRun: ["Jouer", "Play"],
  waiting: ["à venir", "to come"],
  running: ["en cours", "under way"],
  done: ["fait", "done"],
  degraded: ["dégradé", "degraded"],
  failed: ["en échec", "failed"],
  played: ["Joué en {0} s.", "Played in {0} s."],
  stopped: ["Arrêt à l’étape « {0} » : {1}", "Stopped at “{0}”: {1}"],
  needs: ["Jouez d’abord : {0}", "Play this first: {0}"],
  tookTooLong: ["Rien n’est arrivé en {0} s.", "Nothing came within {0} s."],
  noMatch: ["La réponse n’a pas ce qui est attendu.", "The answer has not what is expected."],
  noAnswer: ["La passerelle ne répond pas.", "The gateway does not answer."],
  stoodIn: ["Réponse dégradée ({0}).", "Degraded answer ({0})."],
  missing: ["sans {0}", "without {0}"],
  stale: ["copie d’il y a {0} s", "copy from {0} s ago"],
  retry: ["nouvel essai dans {0} s", "tried again in {0} s"],
  drills: ["Pannes simulées", "Failure drills"],
  drillsWhy: [
    "Un service semble en panne pendant 30 s, sans être arrêté. Ses vrais clients le remarquent aussi.",
    "A service looks broken for 30 s without being stopped. Its real clients notice too.",
  ],
  drillsOff: ["Désactivées : GATEWAY_DRILLS=off.", "Turned off: GATEWAY_DRILLS=off."],
  down: ["En panne", "Down"],
  slow: ["Lent", "Slow"],
  errors: ["Erreurs", "Errors"],
  reset: ["Coupures", "Resets"],
  flaky: ["Intermittent", "Flaky"],
  end: ["Rétablir", "Restore"],
  endsIn: ["encore {0} s", "{0} s left"],
  noDrill: ["aucune panne", "no drill"],
  verdictRun: ["Tout vérifier", "Check it all"],
  verdict: ["Verdict", "Verdict"],
  verdictWait: ["Chaque service tombe à son tour…", "Each service fails in turn…"],
  verdictPass: ["Chaque panne a donné ce qui est déclaré.", "Every outage gave what is declared."],
  verdictFail: [
    "Une panne a donné autre chose que ce qui est déclaré.",
    "An outage gave something else than declared.",
  ],
  verdictDown: ["Pas de verdict : en panne pour de bon : {0}.", "No verdict: down for real: {0}."],
  works: ["fonctionne", "works"],
  refused: ["refusé", "refused"],
  broken: ["cassé", "broken"],
  feature: ["Fonction", "Feature"],
  whileDown: ["sans {0}", "without {0}"],
  unexpected: ["inattendu", "unexpected"],
  features: ["Ce qui fonctionne", "What works"],
  up: ["en marche", "up"],
  isDegraded: ["dégradé", "degraded"],
  isDown: ["en panne", "down"],
  isUnknown: ["pas encore connu", "not known yet"],
  probeFails: ["la sonde échoue", "probe fails"],
  drill: ["panne simulée", "drill"],
  halfOpen: ["essai en cours", "being tried"],
  overallUp: ["Tout fonctionne", "Everything works"],
  overallDegraded: ["Service dégradé", "Degraded service"],
  overallDown: ["Rien ne fonctionne", "Nothing works"],
  overallUnknown: ["État pas encore connu", "State not known yet"],
  connecting: ["Connexion…", "Connecting…"],
  live: ["en direct", "live"],
  configRefused: [
    "À {0}, le fichier de configuration a été refusé ; le précédent reste en service : {1}",
    "At {0}, the configuration file was refused; the one before it still runs: {1}",
  ],
  configWorse: [
    "Le rechargement de {0} aggrave les pannes en {1} points : voyez le journal.",
    "The reload at {0} makes outages worse in {1} places: see the log.",
  ],
  configRestart: ["Prend effet au prochain démarrage : {0}.", "Takes effect at the next start: {0}."],
  lost: ["La passerelle ne répond plus ; nouvel essai…", "The gateway does not answer; trying again…"],
  breakerClosed: ["circuit fermé", "circuit closed"],
  breakerOpen: ["circuit ouvert", "circuit open"],
  routesShut: ["routes fermées : {0}", "routes shut: {0}"],
  replicas: ["{0} répliques sur {1}", "{0} of {1} replicas"],
  breakerHalfOpen: ["circuit à l’essai", "circuit being tried"],
  perSecond: ["{0} req/s", "{0} req/s"],
  inFlight: ["{0} en cours", "{0} in flight"],
  connections: ["{0} connexions", "{0} connections"],
  lastError: ["dernière erreur : {0}", "last error: {0}"],
  traffic: ["Trafic", "Traffic"],
  requestsPerSecond: ["Requêtes par seconde", "Requests per second"],
  errorsPerSecond: ["Erreurs 5xx par seconde", "5xx errors per second"],
  degradedPerSecond: ["Réponses dégradées par seconde", "Degraded answers per second"],
  routes: ["Routes", "Routes"],
  route: ["Route", "Route"],
  lastMinute: ["Dernière minute", "Last minute"],
  rate: ["req/s", "req/s"],
  errorRate: ["5xx/s", "5xx/s"],
  requests: ["Dernières requêtes", "Last requests"],
  pause: ["Figer", "Pause"],
  time: ["Heure", "Time"],
  method: ["Méthode", "Method"],
  status: ["Statut", "Status"],
  service: ["Service", "Service"],
  fate: ["Issue", "Outcome"],
  requestId: ["Identifiant", "Request id"],
  copy: ["Copier", "Copy"],
  complete: ["complète", "complete"],
  client_gone: ["client parti", "client gone"],
  draining: ["arrêt", "draining"],
  broken_off: ["coupée", "broken off"],
  keptAnswer: ["copie gardée", "kept copy"],
  partial: ["partielle", "partial"],
  fallback: ["remplacement", "fallback"],
  noRequests: ["Aucune requête encore.", "No request yet."],
};

const KEPT = "passe-plat.lang";
const listeners = [];
let lang = localStorage.getItem(KEPT) ?? (navigator.language.startsWith("en") ? "en" : "fr");

export const currentLang = () => lang;

/** The words for `key`, with `{0}`, `{1}` … replaced; `key` itself if it has no words. */
export function t(key, ...values) {
  const words = WORDS[key]?.[lang === "fr" ? 0 : 1] ?? key;
  return words.replace(/\{(\d+)\}/g, (place, index) => values[index] ?? place);
}

const AVAILABILITIES = { up: "up", degraded: "isDegraded", down: "isDown", unknown: "isUnknown" };
const STAND_INS = { stale: "keptAnswer", partial: "partial", fallback: "fallback" };

/** How available something is, in one word. */
export const availability = (state) => t(AVAILABILITIES[state]);

/** The word for what stood in for an answer; a kind that is not the gateway's stays as it is. */
export const standIn = (kind) => t(STAND_INS[kind] ?? kind);

/** A label of the gateway's file in this language, or undefined if there is none. */
export const words = (label) => label?.[lang] ?? undefined;

/** The time of day of an instant. */
export function time(at) {
  return new Date(at).toLocaleTimeString(lang);
}

/** A number written as is usual in this language. */
export function number(value, digits = 0) {
  return value.toLocaleString(lang, { maximumFractionDigits: digits });
}

/** Calls `listener` now and whenever another language is chosen. */
export function onLang(listener) {
  listeners.push(listener);
  listener();
}

export function startText() {
  for (const choice of ["fr", "en"]) {
    at(`lang-${choice}`).addEventListener("click", () => {
      lang = choice;
      localStorage.setItem(KEPT, choice);
      listeners.forEach((listener) => listener());
    });
  }
  onLang(() => {
    document.documentElement.lang = lang;
    for (const choice of ["fr", "en"]) at(`lang-${choice}`).setAttribute("aria-pressed", choice === lang);
    for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
    for (const element of document.querySelectorAll("[data-label]")) {
      element.setAttribute("aria-label", t(element.dataset.label));
    }
  });
}
