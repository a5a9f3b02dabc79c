// @ts-check
/** Describes a pending write for the person who wrote it. */

/** @typedef {import("./types.js").PendingWrite} PendingWrite */

/**
 * @param {import("../common/text.js").Text} text
 * @param {import("./types.js").Reason[]} reasons
 */
export function createWriteDescriptions(text, reasons) {
  return {
    title: (/** @type {PendingWrite} */ pendingWrite) => pendingWrite.label,
    kind: (/** @type {PendingWrite} */ pendingWrite) =>
      text.say(`aside_${pendingWrite.kind}`, { time: text.time(pendingWrite.at) }),
    /** @param {PendingWrite} pendingWrite */
    lines({ kind, dimension, value, before, code, text: words }) {
      const moves =
        kind !== "comment" && value !== before
          ? text.say("aside_moves", { key: dimension, before: before ?? "–", value: value ?? "–" })
          : "";
      return [moves, reasons.find((reason) => reason.code === code)?.said ?? "", words].filter(Boolean);
    },
  };
}
