// @ts-check
/** Computes the ratings of a sample, and which dimensions still miss one. Changes nothing. */

import { isRevision } from "./work-names.js";

/** @typedef {ReturnType<typeof createRatingState>} RatingState */

/**
 * @param {import("./types.js").Dimension[]} dimensions
 * @param {import("./types.js").Assignment|undefined} assignment
 * @param {import("./types.js").Draft} draft
 */
export function createRatingState(dimensions, assignment, draft) {
  const locked = assignment?.sample.locked ?? {};
  const judge = assignment?.suggestion ?? null;
  const revising = Boolean(assignment && isRevision(assignment));
  /** Locked before the judge's values were shown. */
  const own = (revising && assignment?.score?.ratings) || null;
  const keyOf = (/** @type {number} */ index) => dimensions[index].key;

  /** What counts as said: where the judge says the same, or nothing, the own value is kept without a word. @param {string} key */
  function value(key) {
    if (key in draft.ratings) return draft.ratings[key];
    if (own && (!judge || !(key in judge.ratings) || judge.ratings[key] === own[key])) return own[key] ?? undefined;
    return undefined;
  }

  const isScored = (/** @type {number} */ index) => !(keyOf(index) in locked);
  /** May something be said here? Where the judge says nothing there is nothing to answer. @param {number} index */
  const isOpen = (index) => isScored(index) && (!revising || keyOf(index) in (judge?.ratings ?? {}));
  const isMissing = (/** @type {number} */ index) => isOpen(index) && value(keyOf(index)) === undefined;

  return {
    locked,
    judge,
    own,
    revising,
    isOpen,
    isMissing,
    missing: () => [...dimensions.keys()].filter(isMissing),
    /** @param {number} index */
    judged: (index) => judge?.ratings[keyOf(index)],
    /** From which one level up or down is counted. @param {number} index */
    from: (index) => value(keyOf(index)) ?? own?.[keyOf(index)],
    /** @returns {Record<string, number>} */
    ratings() {
      const rated = dimensions.filter((_, index) => isScored(index) && value(keyOf(index)) !== undefined);
      return Object.fromEntries(rated.map(({ key }) => [key, /** @type {number} */ (value(key))]));
    },
    /** What a rule has set beside what people say. */
    byRule: () => Object.fromEntries(Object.entries(locked).map(([key, lock]) => [key, lock.value])),
    notes: () => (revising ? (assignment?.score?.notes ?? {}) : draft.notes),
  };
}
