// @ts-check
/** What stands in a letter, for the person who wrote it. */

/** @typedef {import("./types.js").Letter} Letter */

/** @param {import("../common/text.js").Text} text */
export function createWords(text) {
  /** @param {Letter} letter */
  const valuesOf = ({ ratings = {} }) =>
    Object.entries(ratings)
      .map(([key, value]) => `${key} ${value}`)
      .join(", ");

  /** Why it was skipped: of the list, and in words. @param {Letter} letter */
  function because({ reason, note }) {
    const key = `skip_reason_${reason}`;
    // A letter may have been kept for longer than the list has this reason.
    return [text.has(key) && text.say(key), note].filter(Boolean).join(": ");
  }

  return {
    title: (/** @type {Letter} */ letter) => letter.label || letter.assignment,
    kind: (/** @type {Letter} */ letter) =>
      text.say(letter.kind === "skip" ? "aside_skip" : letter.kind === "revise" ? "aside_revise" : "aside_submit", {
        time: text.time(letter.at),
      }),
    /** @param {Letter} letter */
    said(letter) {
      const notes = Object.entries(letter.notes ?? {}).map(([key, note]) => `${key}: ${note}`);
      return [letter.ratings ? valuesOf(letter) : because(letter), ...notes];
    },
  };
}
