// @ts-check
/** Mentions of blocks in what people write: T1, I2, Q1 become links to the block. */

import { h } from "../common/dom.js";

const MENTION = /\b([TIQ][1-9]\d?)\b/g;

/**
 * The words with their links; nothing in them is taken for markup.
 * @param {string} words
 * @param {Set<string>} blocks  the numbers that the sample has
 * @returns {(Node|string)[]}
 */
export function linked(words, blocks) {
  return words
    .split(MENTION)
    .map((part, index) => (index % 2 && blocks.has(part) ? h("a.ref", { href: `#${part}` }, part) : part));
}

/** The blocks of a sample. @param {import("../common/types.js").Sample} sample @returns {Set<string>} */
export function blocksOf(sample) {
  const numbers = sample.turns.flatMap((turn, index) => [
    ...(turn.question ? [`Q${index + 1}`] : []),
    ...turn.blocks.map((block) => block.number),
  ]);
  return new Set(numbers);
}
