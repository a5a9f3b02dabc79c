// @ts-check
/** Keeps in the browser what was scored on a piece of work and not yet sent. */

import { uuid } from "../common/dom.js";
import { draftName, removeOldDrafts } from "../common/drafts.js";

/** @typedef {import("./types.js").Draft} Draft */
/** @typedef {ReturnType<typeof createDrafts>} Drafts */

/** @param {import("../common/store.js").Store} store */
export function createDrafts(store) {
  /**
   * The draft of a piece of work, or an empty one.
   * @param {string} piece
   * @returns {Draft}
   */
  function load(piece) {
    return { ...createDraft(), ...store.get(draftName(piece)) };
  }

  /**
   * @param {string} piece
   * @param {Draft} draft
   */
  function save(piece, draft) {
    store.set(draftName(piece), draft);
  }

  /** @param {string} piece */
  function remove(piece) {
    store.remove(draftName(piece));
  }

  return { load, save, remove, sweep: () => removeOldDrafts(store), name: draftName };
}

/** @returns {Draft} */
export function createDraft() {
  return { key: uuid(), ratings: {}, notes: {}, seconds: 0, seen: [], at: Date.now() };
}
