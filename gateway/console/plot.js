// Line charts of the last minute, or of the time since the page was opened if that is shorter.

import { draw } from "./dom.js";

const POINTS = 60;
const WIDTH = 240;

/** The values of the last minute, one a second. */
export class Series {
  values = [];

  add(value) {
    this.values.push(value);
    if (this.values.length > POINTS) this.values.shift();
  }
}

/**
 * Draws a series over the whole width, on a scale from 0 to its highest value, which counts as 1 if it is lower.
 */
export function plot(series, height, tone) {
  const values = series.values.length > 1 ? series.values : Array(2).fill(series.values[0] ?? 0);
  const most = Math.max(1, ...values);
  const step = WIDTH / (values.length - 1);
  const y = (value) => (height - 1 - (value / most) * (height - 3)).toFixed(1);
  const points = values.map((value, index) => `${(index * step).toFixed(1)},${y(value)}`);
  return draw(
    "svg",
    {
      class: "plot",
      viewBox: `0 0 ${WIDTH} ${height}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
      "data-tone": tone,
    },
    draw("polygon", { points: [`0,${height}`, ...points, `${WIDTH},${height}`].join(" ") }),
    draw("polyline", { points: points.join(" ") }),
  );
}
