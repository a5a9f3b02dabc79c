// @ts-check
/** Decides what a participant can say on a dimension now, and what an answer lacks. Pure. */

import { mayAct, needsMe, listOtherStances } from "./case-rules.js";

/** @typedef {import("./types.js").Case} Case */
/** @typedef {import("./types.js").Topic} Topic */
/** @typedef {import("./types.js").Draft} Draft */
/**
 * `phase` nothing: only to be read. reason: my own reason comes first. sent: it is on its way. stance: keep or move.
 * `chosen` is the value that a pending write would carry, `fits` which reasons of the list go with it.
 * @typedef {{phase: "nothing"|"reason"|"sent"|"stance", current: number|null, chosen: number|null, moves: boolean,
 *   shown: Map<number, string[]>, turn: boolean, fits: "reason"|"move"|"keep"}} StanceOptions
 */

/**
 * @param {Case} view
 * @param {Topic|undefined} topic
 * @param {Draft} draft
 * @param {boolean} paused
 * @returns {StanceOptions}
 */
export function findStanceOptions(view, topic, draft, paused) {
  const current = topic?.mine?.current ?? null;
  const chosen = draft.value ?? current;
  const moves = chosen !== current;
  /** @type {Map<number, string[]>} */
  const shown = new Map();
  if (topic?.revealed) {
    for (const { alias, current: at } of listOtherStances(view, topic)) {
      if (at !== null) shown.set(at, [...(shown.get(at) ?? []), alias]);
    }
  }
  const common = { current, chosen, moves, shown, turn: topic ? needsMe(view, topic) : false };
  if (paused || !topic?.mine || topic.state !== "open" || !mayAct(view))
    return { ...common, phase: "nothing", fits: "keep" };
  if (topic.revealed) return { ...common, phase: "stance", fits: moves ? "move" : "keep" };
  if (topic.sent) return { ...common, phase: "sent", fits: "keep" };
  return { ...common, phase: "reason", fits: "reason" };
}

/**
 * What a pending write would say, given a reason from the list or none; or what is missing.
 * @param {StanceOptions} stanceOptions
 * @param {string} words
 * @param {string} code
 * @returns {{kind: "reason"|"stance"}|{missing: "value"|"reason"}}
 */
export function decideAnswer({ phase, chosen, moves }, words, code) {
  if (chosen === null) return { missing: "value" };
  const why = code !== "" || words.trim() !== "";
  if (phase === "reason") return why ? { kind: "reason" } : { missing: "reason" };
  return moves && !why ? { missing: "reason" } : { kind: "stance" };
}
