// @ts-check
/** Draws the participants of a topic on an axis of its levels: first and current values. */

import { h } from "../common/dom.js";
import { shade } from "../common/levels.js";

/** @typedef {import("./types.js").Dimension} Dimension */
/** @typedef {import("./types.js").Stance} Stance */

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 34;

/**
 * @param {Dimension} dimension
 * @param {Stance[]} stances  in the order of their names
 * @param {{me: string|null, text: import("../common/text.js").Text, closed?: boolean}} options
 */
export function drawAxis(dimension, stances, { me, text, closed = false }) {
  const { levels } = dimension;
  const place = (/** @type {number|null} */ value) => levels.findIndex((level) => level.value === value);
  const standing = stances
    .filter((stance) => !stance.excused && place(stance.current) >= 0)
    .map(({ current }) => place(current));
  const band = standing.length && !closed ? { from: Math.min(...standing), to: Math.max(...standing) } : null;
  const head = h(
    "div.stance-ticks",
    { "aria-hidden": "true" },
    ...levels.map((level) => h("span", {}, h("b", {}, String(level.value)), h("i", {}, level.label))),
  );
  const rows = stances.map((stance) =>
    h(
      `div.stance-row${stance.excused ? ".is-excused" : ""}`,
      {},
      h(
        "span.post-author",
        {},
        stance.alias === me ? h("b", {}, stance.alias) : stance.alias,
        stance.alias === me && h("small", {}, text.say("you")),
        stance.excused && h("small", {}, text.say("excused")),
      ),
      drawRow(levels.length, place(stance.first), place(stance.current), band),
    ),
  );
  const said = stances.map((stance) => describeStance(stance, me, text)).join(" ");
  const node = h(
    "div.stance-axis",
    { role: "img", "aria-label": text.say("axis", { name: dimension.name, said }) },
    head,
    ...rows,
  );
  node.style.setProperty("--levels", String(levels.length));
  return node;
}

/** How far apart those stand who take part, and began. @param {Stance[]} stances */
export function findSpreads(stances) {
  const active = stances.filter((stance) => !stance.excused);
  const range = (/** @type {(number|null)[]} */ values) => {
    const known = /** @type {number[]} */ (values.filter((value) => value !== null));
    return known.length ? { low: Math.min(...known), high: Math.max(...known) } : null;
  };
  return { first: range(active.map(({ first }) => first)), now: range(active.map(({ current }) => current)) };
}

/** @param {Stance} stance @param {string|null} me @param {import("../common/text.js").Text} text */
function describeStance({ alias, first, current, excused }, me, text) {
  const who = alias === me ? text.say("alias_you", { alias }) : alias;
  const key = current === null ? "stands_nowhere" : first === current ? "stands_still" : "stands_moved";
  return text.say(excused ? "stands_excused" : key, { who, first: first ?? "", current: current ?? "" });
}

/**
 * @param {number} count
 * @param {number} first
 * @param {number} current
 * @param {{from: number, to: number}|null} band
 */
function drawRow(count, first, current, band) {
  const svg = createSvg("svg", { height: HEIGHT, class: "stance-line", "aria-hidden": "true", focusable: "false" });
  const x = (/** @type {number} */ place) => `${((place + 0.5) * 100) / count}%`;
  const y = HEIGHT / 2;
  if (band)
    svg.append(
      createSvg("rect", {
        x: `${(band.from * 100) / count + 3}%`,
        width: `${((band.to - band.from + 1) * 100) / count - 6}%`,
        y: 0,
        height: HEIGHT,
        class: "stance-band",
      }),
    );
  for (let place = 0; place < count; place += 1)
    svg.append(createSvg("line", { x1: x(place), x2: x(place), y1: 0, y2: HEIGHT, class: "grid-line" }));
  if (current < 0) return svg;
  const moved = first >= 0 && first !== current;
  if (moved)
    svg.append(
      createSvg("line", { x1: x(first), x2: x(current), y1: y, y2: y, class: "stance-move" }),
      createSvg("circle", { cx: x(first), cy: y, r: 7.5, class: "stance-first" }),
    );
  if (!moved) svg.append(createSvg("circle", { cx: x(current), cy: y, r: 12, class: "stance-ring" }));
  svg.append(
    createSvg("circle", { cx: x(current), cy: y, r: 8.5, class: `stance-dot fill-level-${shade(current, count)}` }),
  );
  return svg;
}

/** What the marks mean, and what still has to close. @param {Stance[]} stances @param {import("../common/text.js").Text} text */
export function drawLegend(stances, text) {
  const sign = (/** @type {string} */ key, /** @type {SVGElement[]} */ ...marks) => {
    const svg = createSvg("svg", { width: 22, height: 18, "aria-hidden": "true" });
    svg.append(...marks);
    return h("span", {}, svg, text.say(key, { n: gap }));
  };
  const { now } = findSpreads(stances);
  const gap = now ? Math.round((now.high - now.low) * 100) / 100 : 0;
  const circle = (/** @type {number} */ r, /** @type {string} */ className) =>
    createSvg("circle", { cx: 11, cy: 9, r, class: className });
  return h(
    "p.axis-legend",
    {},
    sign("legend_first", circle(6.5, "stance-first")),
    sign("legend_current", circle(6.5, "stance-dot fill-level-3")),
    sign("legend_still", circle(8.5, "stance-ring"), circle(5.5, "stance-dot fill-level-3")),
    sign("legend_band", createSvg("rect", { x: 1, y: 2, width: 20, height: 14, rx: 2, class: "stance-band is-edged" })),
  );
}

/** @param {string} name @param {Record<string, string|number>} attributes */
function createSvg(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}
