// @ts-check
/** What a key means for the row with the focus: a level by its digit or its neighbour, the judge's, or one's own. */

import { findLevelForDigit } from "../common/levels.js";

/**
 * @param {{desk: import("./workspace.js").Desk, dimensions: import("./types.js").Dimension[]}} given
 */
export function createAnswering({ desk, dimensions }) {
  const { state } = desk;
  return {
    /** @param {number} digit */
    digit(digit) {
      const level = findLevelForDigit(dimensions[state.here].levels, digit);
      if (level) desk.rate(state.here, level.value);
    },
    /** One level up or down, and stay. @param {number} step */
    level(step) {
      const { here } = state;
      const { levels } = dimensions[here];
      const from = desk.sheet().from(here);
      const place = levels.findIndex(({ value }) => value === from);
      const level = levels[place < 0 ? 0 : Math.min(levels.length - 1, Math.max(0, place + step))];
      desk.rate(here, level.value);
      desk.focus(here);
    },
    /** The judge's value becomes one's own answer. */
    adopt() {
      const judged = desk.sheet().judged(state.here);
      if (judged !== undefined) desk.rate(state.here, judged);
    },
    /** The value that was locked stays. */
    stand() {
      const own = desk.sheet().own?.[dimensions[state.here].key];
      if (own !== undefined && own !== null) desk.rate(state.here, own);
    },
  };
}
