// The basket. This browser keeps it, so that neither an outage nor a reload empties it.

import { make } from "./dom.js";
import { euros, refill } from "./show.js";
import { t } from "./text.js";

const PLACE = "passe-plat.demo.basket";
/** As the order service takes them. */
const MOST = 99;
const LINE = 200;
const COMMENT = 500;

/** Shows the basket in `place`. `changed` is called when its dishes have changed. */
export function basket(place, changed) {
  const kept = { lines: [], comment: "", address: "", ...JSON.parse(localStorage.getItem(PLACE) ?? "{}") };
  const keep = () => localStorage.setItem(PLACE, JSON.stringify(kept));

  function update() {
    keep();
    redraw();
    changed();
  }

  function count(line, step) {
    line.count = Math.min(line.count + step, MOST);
    kept.lines = kept.lines.filter((one) => one.count > 0);
    update();
  }

  const step = (line, name, sign, by, label) =>
    make(
      "button",
      { id: `${name}-${line.id}`, type: "button", "aria-label": label, onclick: () => count(line, by) },
      sign,
    );

  const text = (id, label, holder, key, attributes) =>
    make(
      "label",
      { for: id },
      make("span", {}, label),
      make("input", {
        id,
        type: "text",
        value: holder[key],
        ...attributes,
        oninput: ({ target }) => {
          holder[key] = target.value;
          keep();
        },
      }),
    );

  const item = (line) =>
    make(
      "li",
      { class: "line" },
      make("span", { class: "name" }, line.name),
      step(line, "less", "−", -1, t("less", line.name)),
      make("span", { class: "numbers" }, String(line.count)),
      step(line, "more", "+", 1, t("more", line.name)),
      make("span", { class: "numbers sum" }, euros(line.count * line.price)),
      make("input", {
        id: `comment-${line.id}`,
        type: "text",
        maxlength: LINE,
        "aria-label": t("lineComment", line.name),
        placeholder: t("lineCommentHint"),
        value: line.comment,
        oninput: ({ target }) => {
          line.comment = target.value;
          keep();
        },
      }),
    );

  function redraw() {
    const content = kept.lines.length
      ? [
          make("ul", {}, ...kept.lines.map(item)),
          text("order-comment", t("orderComment"), kept, "comment", { maxlength: COMMENT }),
          text("order-address", t("address"), kept, "address", { maxlength: LINE, autocomplete: "street-address" }),
        ]
      : [make("p", { class: "quiet" }, t("emptyBasket"))];
    refill(place, ...content);
  }

  return {
    redraw,

    add({ id, nom, prix }) {
      const known = kept.lines.find((line) => line.id === id);
      if (known) {
        count(known, 1);
        return;
      }
      kept.lines.push({ id, name: nom, price: prix, count: 1, comment: "" });
      update();
    },

    /** Prices and names are those of the menu when the order is placed; here, they are those of the choice. */
    total: () => kept.lines.reduce((sum, line) => sum + line.count * line.price, 0),
    isEmpty: () => kept.lines.length === 0,

    /** Takes the address of a client who has just logged in, unless one was typed. */
    offer(client) {
      if (!client?.address || kept.address) return;
      kept.address = [client.address, [client.postalCode, client.city].filter(Boolean).join(" ")]
        .filter(Boolean)
        .join(", ");
      update();
    },

    clear() {
      Object.assign(kept, { lines: [], comment: "" });
      update();
    },

    /** The basket as the body of an order, without what is empty. */
    order(clientId) {
      const items = kept.lines.map(({ id, count, comment }) => ({
        menuId: id,
        quantite: count,
        ...(comment.trim() && { commentaire: comment.trim() }),
      }));
      return {
        clientId,
        items,
        ...(kept.comment.trim() && { commentaire: kept.comment.trim() }),
        ...(kept.address.trim() && { adresse: kept.address.trim() }),
      };
    },
  };
}
