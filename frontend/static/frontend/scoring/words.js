// @ts-check
/** What stands in a letter, for the person who wrote it. */

/** @typedef {import("./types.js").Letter} Letter */

/** @param {import("../common/text.js").Text} text */
export function createWords(text) {
  /** @param {Letter} letter */
  const valuesOf = ({ ratings = {} }) => Object.entries(ratings).map(([key, value]) => `${key} ${value}`).join(", ");
  return {
    title: (/** @type {Letter} */ letter) => letter.label || letter.assignment,
    kind: (/** @type {Letter} */ letter) => text.say(letter.kind === "skip" ? "aside_skip"
      : letter.kind === "revise" ? "aside_revise" : "aside_submit", { time: text.time(letter.at) }),
    /** @param {Letter} letter */
    said(letter) {
      const notes = Object.entries(letter.notes ?? {}).map(([key, note]) => `${key}: ${note}`);
      return [letter.ratings ? valuesOf(letter) : `${letter.reason} ${letter.note}`, ...notes];
    },
  };
}
