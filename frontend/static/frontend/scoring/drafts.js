// @ts-check
/** Drafts: what was said about a sample and is not yet with the server. Kept by person and piece of work. */

import { uuid } from "../common/dom.js";

/** @typedef {import("./types.js").Draft} Draft */
/** @typedef {ReturnType<typeof createDrafts>} Drafts */

const KEEP = 30 * 24 * 3600 * 1000;

/** @param {import("../common/store.js").Store} store */
export function createDrafts(store) {
  /** @param {string} piece */
  const name = (piece) => `draft:${piece}`;

  /**
   * The draft of a piece of work, or an empty one.
   * @param {string} piece
   * @returns {Draft}
   */
  function load(piece) {
    return { ...blank(), ...store.get(name(piece)) };
  }

  /**
   * @param {string} piece
   * @param {Draft} draft
   */
  function save(piece, draft) {
    store.set(name(piece), draft);
  }

  /** @param {string} piece */
  function remove(piece) {
    store.remove(name(piece));
  }

  /** Forget drafts that nobody came back to. */
  function sweep() {
    for (const found of store.names("draft:")) {
      if (!(Date.now() - store.get(found)?.at < KEEP)) store.remove(found);
    }
  }

  return { load, save, remove, sweep, name };
}

/** @returns {Draft} */
export function blank() {
  return { key: uuid(), ratings: {}, notes: {}, seconds: 0, seen: [], at: Date.now() };
}
