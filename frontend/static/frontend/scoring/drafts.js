// @ts-check
/** Drafts: what was said about a sample and is not yet with the server. Kept by person and assignment. */

import { uuid } from "../common/dom.js";

/** @typedef {import("./types.js").Draft} Draft */
/** @typedef {ReturnType<typeof createDrafts>} Drafts */

const KEEP = 30 * 24 * 3600 * 1000;

/** @param {import("../common/store.js").Store} store */
export function createDrafts(store) {
  /** @param {string} assignment */
  const name = (assignment) => `draft:${assignment}`;

  /**
   * The draft of an assignment, or an empty one.
   * @param {string} assignment
   * @returns {Draft}
   */
  function load(assignment) {
    return { ...blank(), ...store.get(name(assignment)) };
  }

  /**
   * @param {string} assignment
   * @param {Draft} draft
   */
  function save(assignment, draft) {
    store.set(name(assignment), draft);
  }

  /** @param {string} assignment */
  function remove(assignment) {
    store.remove(name(assignment));
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
