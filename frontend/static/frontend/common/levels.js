// @ts-check
/** Draws the levels of a dimension and explains them in a dialog. */

import { find, h } from "./dom.js";
import { createModal } from "./modal.js";

/** @typedef {import("./types.js").Dimension} Dimension */

/** Places on the ramp of colours, whatever the number of levels. */
const RAMP = 5;

/** @param {number} place @param {number} count */
export const shade = (place, count) => (count < 2 ? RAMP : Math.round((place * RAMP) / (count - 1)));

/**
 * The level of a digit key: its value where all levels are digits, else its place among them.
 * @param {import("./types.js").Level[]} levels
 * @param {number} digit
 */
export function findLevelForDigit(levels, digit) {
  const areDigits = levels.every(({ value }) => Number.isInteger(value) && value >= 0 && value <= 9);
  return areDigits ? levels.find(({ value }) => value === digit) : levels[digit - 1];
}

/**
 * The chip of a value among a dimension's levels.
 * @param {Dimension} dimension
 * @param {number|null} value  null: the dimension does not apply
 */
export function chip({ levels }, value) {
  const place = levels.findIndex((level) => level.value === value);
  return h(
    place < 0 ? "span.level-chip" : `span.level-chip.level-${shade(place, levels.length)}`,
    {},
    value === null ? "–" : String(value),
  );
}

/**
 * One line per level: its chip, its name, its anchor.
 * @param {Dimension} dimension
 * @returns {HTMLElement[]}
 */
export function drawAnchors(dimension) {
  return dimension.levels.map(({ value, label, anchor }) =>
    h("li", {}, chip(dimension, value), h("b", {}, label), h("span", {}, anchor)),
  );
}

/** The dialog with every level of a dimension, where the page is too narrow to show them. */
export function createLevels() {
  const { dialog, open } = createModal("levels");
  return {
    /** @param {Dimension} dimension */
    explain(dimension) {
      find(dialog, "h2").textContent = dimension.name;
      const about = find(dialog, ".level-list-about");
      about.textContent = dimension.description;
      about.hidden = !dimension.description;
      find(dialog, "ol").replaceChildren(...drawAnchors(dimension));
      open();
    },
  };
}
