// @ts-check
/** Rates the current dimension by keys: a digit, one level up or down, the judge's or one's own value. */

import { findLevelForDigit } from "../common/levels.js";

/**
 * @param {{workspace: import("./workspace.js").Workspace, dimensions: import("./types.js").Dimension[]}} options
 */
export function createRatingShortcuts({ workspace, dimensions }) {
  const { state } = workspace;
  return {
    /** @param {number} digit */
    digit(digit) {
      const level = findLevelForDigit(dimensions[state.here].levels, digit);
      if (level) workspace.rate(state.here, level.value);
    },
    /** One level up or down, and stay. @param {number} step */
    level(step) {
      const { here } = state;
      const { levels } = dimensions[here];
      const from = workspace.ratingState().from(here);
      const place = levels.findIndex(({ value }) => value === from);
      const level = levels[place < 0 ? 0 : Math.min(levels.length - 1, Math.max(0, place + step))];
      workspace.rate(here, level.value);
      workspace.focus(here);
    },
    /** The judge's value becomes one's own answer. */
    adopt() {
      const judged = workspace.ratingState().judged(state.here);
      if (judged !== undefined) workspace.rate(state.here, judged);
    },
    /** The value that was locked stays. */
    keepOwn() {
      const own = workspace.ratingState().own?.[dimensions[state.here].key];
      if (own !== undefined && own !== null) workspace.rate(state.here, own);
    },
  };
}
