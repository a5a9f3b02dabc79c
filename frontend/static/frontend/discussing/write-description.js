// @ts-check
/** What stands in a letter, for the person who wrote it. */

/** @typedef {import("./types.js").Letter} Letter */

/**
 * @param {import("../common/text.js").Text} text
 * @param {import("./types.js").Reason[]} reasons
 */
export function createWords(text, reasons) {
  return {
    title: (/** @type {Letter} */ letter) => letter.label,
    kind: (/** @type {Letter} */ letter) => text.say(`aside_${letter.kind}`, { time: text.time(letter.at) }),
    /** @param {Letter} letter */
    said({ kind, dimension, value, before, code, text: words }) {
      const moves =
        kind !== "comment" && value !== before
          ? text.say("aside_moves", { key: dimension, before: before ?? "–", value: value ?? "–" })
          : "";
      return [moves, reasons.find((reason) => reason.code === code)?.said ?? "", words].filter(Boolean);
    },
  };
}
