// Makes elements from data. Text is always set as text: nothing received is read as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Makes an HTML element. Attributes that are null or false are left out. */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Makes an SVG element in the same way. */
export function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** The element that the page has by this id. */
export function at(id) {
  return document.getElementById(id);
}

/** The content of a table: a header cell for each title, and the rows. */
export function columns(titles, rows) {
  const heads = titles.map((title) => make("th", { scope: "col", role: "columnheader" }, title));
  return [
    make("thead", { role: "rowgroup" }, row(...heads)),
    make("tbody", { role: "rowgroup" }, ...rows),
  ];
}

// The roles are those of the elements: a table that a narrow page lays out as cards would lose them.

/** A row of a table. */
export const row = (...cells) => make("tr", { role: "row" }, ...cells);

/** The cell that names its row. */
export const heading = (attributes, ...children) =>
  make("th", { scope: "row", role: "rowheader", ...attributes }, ...children);

export const cell = (attributes, ...children) => make("td", { role: "cell", ...attributes }, ...children);

/** Sets the text only if it differs, so that screen readers do not read it out again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}
