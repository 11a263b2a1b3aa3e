// The login of a room. It is needed only where ACCESS=strict, and then opens by itself.

import { call } from "./call.js";
import { make, say } from "./dom.js";
import { reason } from "./show.js";
import { t } from "./text.js";

/** The published password of all demo accounts. */
const PASSWORD = "passe-plat";

/** The session of the room `name`, whose demo account is `account`. `changed` is called after a login and a logout. */
export function session(name, account, changed) {
  const place = `passe-plat.demo.${name}`;
  const field = (id, key, attributes) =>
    make(
      "label",
      { for: `${name}-${id}` },
      make("span", { "data-text": key }),
      make("input", { id: `${name}-${id}`, required: true, ...attributes }),
    );
  const said = make("p", { class: "error", role: "status" });
  const email = field("email", "email", { type: "email", autocomplete: "username", value: account });
  const password = field("password", "password", {
    type: "password",
    autocomplete: "current-password",
    value: PASSWORD,
  });
  const enter = make("button", { id: `${name}-login`, class: "primary", type: "submit", "data-text": "logIn" });
  const form = make(
    "form",
    { class: "login" },
    make("p", { class: "quiet", "data-text": "loginWhy" }),
    email,
    password,
    said,
    enter,
  );
  const leave = make("button", { id: `${name}-logout`, type: "button", "data-text": "logOut" });
  const who = make("summary", { id: `${name}-who` });
  const box = make("details", { class: "session" }, who, form, leave);

  const own = {
    box,
    ...JSON.parse(sessionStorage.getItem(place) ?? "{}"),

    redraw() {
      say(who, own.client ? `${own.client.firstName} ${own.client.lastName}` : t("notLoggedIn"));
      form.hidden = Boolean(own.token);
      leave.hidden = !own.token;
    },

    /** Whether an answer asks for a login, or for another one. The form then opens. */
    isAskedBy({ status, token }) {
      const isRefused = status === 401 || status === 403;
      // An answer to what was sent before a login says nothing about it.
      if (!isRefused || token !== own.token) return false;
      if (status === 401 && token) keep(undefined, undefined);
      box.open = true;
      return true;
    },
  };

  function keep(token, client) {
    Object.assign(own, { token, client });
    sessionStorage.setItem(place, JSON.stringify({ token, client }));
    own.redraw();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    enter.disabled = true;
    const [typedEmail, typedPassword] = [email, password].map((label) => label.querySelector("input").value);
    const body = { email: typedEmail, password: typedPassword };
    const answer = await call(null, "POST", "/client-api/login", { body });
    enter.disabled = false;
    const isIn = answer.status === 200;
    say(said, isIn ? "" : reason(answer));
    if (!isIn) return;
    keep(answer.body.access_token, answer.body.client);
    box.open = false;
    who.focus();
    changed();
  });
  leave.addEventListener("click", async () => {
    await call(own, "POST", "/client-api/logout");
    // Even if the client service is away: this browser forgets the token.
    keep(undefined, undefined);
    who.focus();
    changed();
  });
  own.redraw();
  return own;
}
