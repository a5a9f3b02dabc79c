// @ts-check
/** Turns mentions of blocks in a text, such as T1, I2 or Q1, into links. */

import { h } from "../common/dom.js";

const MENTION = /\b([TIQ][1-9]\d?)\b/g;

/**
 * The words with their links; nothing in them is taken for markup.
 * @param {string} words
 * @param {Set<string>} blocks  the numbers that the sample has
 * @returns {(Node|string)[]}
 */
export function linkMentions(words, blocks) {
  return words
    .split(MENTION)
    .map((part, index) => (index % 2 && blocks.has(part) ? h("a.block-link", { href: `#${part}` }, part) : part));
}

/** The blocks of a sample. @param {import("../common/types.js").Sample} sample @returns {Set<string>} */
export function listBlocks(sample) {
  const numbers = sample.turns.flatMap((turn, index) => [
    ...(turn.question ? [`Q${index + 1}`] : []),
    ...turn.blocks.map((block) => block.number),
  ]);
  return new Set(numbers);
}
