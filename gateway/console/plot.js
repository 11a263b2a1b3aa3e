// Line charts of the last minute.

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

/** Draws a series on a scale from 0 to its highest value, which counts as 1 if it is lower. */
export function plot(series, height, tone) {
  const most = Math.max(1, ...series.values);
  const step = WIDTH / (POINTS - 1);
  const first = POINTS - series.values.length;
  const y = (value) => (height - 1 - (value / most) * (height - 3)).toFixed(1);
  const points = series.values.map((value, index) => `${((first + index) * step).toFixed(1)},${y(value)}`);
  const from = (first * step).toFixed(1);
  return draw(
    "svg",
    {
      class: "plot",
      viewBox: `0 0 ${WIDTH} ${height}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
      "data-tone": tone,
    },
    draw("polygon", { points: [`${from},${height}`, ...points, `${WIDTH},${height}`].join(" ") }),
    draw("polyline", { points: points.join(" ") }),
  );
}
