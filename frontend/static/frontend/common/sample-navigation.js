// @ts-check
/** Moves through a sample's pictures and text by keys, without moving the focus. */

/** @typedef {import("./types.js").Built} Built */

/**
 * Bring the next or the previous picture into view; `z` opens that one.
 * @param {Built|null} built
 * @param {number} now  the index of the current one
 * @param {number} step
 * @returns {number} the index of the one in view
 */
export function showPicture(built, now, step) {
  const pictures = built?.pictures ?? [];
  if (!pictures.length) return now;
  const at = pictures.findIndex((picture) => picture.figure.classList.contains("is-viewed"));
  const next = at < 0 ? (step > 0 ? 0 : pictures.length - 1) : Math.min(pictures.length - 1, Math.max(0, at + step));
  pictures.forEach((picture, index) => picture.figure.classList.toggle("is-viewed", index === next));
  pictures[next].figure.scrollIntoView({ block: "nearest" });
  return next;
}

/** Most of a page up or down. @param {HTMLElement|null|undefined} pane @param {number} step */
export const scrollPane = (pane, step) => pane?.scrollBy({ top: step * 0.85 * pane.clientHeight });
