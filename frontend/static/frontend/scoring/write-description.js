// @ts-check
/** Describes a pending write for the person who wrote it. */

/** @typedef {import("./types.js").PendingWrite} PendingWrite */

/** @param {import("../common/text.js").Text} text */
export function createWriteDescriptions(text) {
  /** @param {PendingWrite} pendingWrite */
  const listValues = ({ ratings = {} }) =>
    Object.entries(ratings)
      .map(([key, value]) => `${key} ${value}`)
      .join(", ");

  /** Why it was skipped: of the list, and in words. @param {PendingWrite} pendingWrite */
  function describeSkip({ reason, note }) {
    const key = `skip_reason_${reason}`;
    // A pending write may have been kept for longer than the list has this reason.
    return [text.has(key) && text.say(key), note].filter(Boolean).join(": ");
  }

  return {
    title: (/** @type {PendingWrite} */ pendingWrite) => pendingWrite.label || pendingWrite.assignment,
    kind: (/** @type {PendingWrite} */ pendingWrite) =>
      text.say(
        pendingWrite.kind === "skip" ? "aside_skip" : pendingWrite.kind === "revise" ? "aside_revise" : "aside_submit",
        { time: text.time(pendingWrite.at) },
      ),
    /** @param {PendingWrite} pendingWrite */
    lines(pendingWrite) {
      const notes = Object.entries(pendingWrite.notes ?? {}).map(([key, note]) => `${key}: ${note}`);
      return [pendingWrite.ratings ? listValues(pendingWrite) : describeSkip(pendingWrite), ...notes];
    },
  };
}
