// @ts-check
/** Keeps in the browser what somebody has typed or chosen and not sent, by case and dimension. */

import { draftName, removeOldDrafts } from "../common/drafts.js";

/** @typedef {import("./types.js").CaseDraft} CaseDraft */
/** @typedef {ReturnType<typeof createDrafts>} Drafts */

/** @param {import("../common/store.js").Store} store */
export function createDrafts(store) {
  /** @param {string} id @returns {CaseDraft} */
  const load = (id) => ({ topics: {}, seconds: 0, at: 0, ...store.get(draftName(id)) });

  /** @param {string} id @param {CaseDraft} draft */
  function save(id, draft) {
    if (Object.keys(draft.topics).length || draft.seconds) store.set(draftName(id), { ...draft, at: Date.now() });
    else store.remove(draftName(id));
  }

  return {
    /** @param {string} id @param {string} key @returns {import("./types.js").Draft} */
    of: (id, key) => ({ text: "", value: null, ...load(id).topics[key] }),
    /** @param {string} id @param {string} key @param {Partial<import("./types.js").Draft>} changed */
    change(id, key, changed) {
      const draft = load(id);
      const topic = { text: "", value: null, ...draft.topics[key], ...changed };
      if (topic.text === "" && topic.value === null) delete draft.topics[key];
      else draft.topics[key] = topic;
      save(id, draft);
    },
    /** @param {string} id */
    seconds: (id) => load(id).seconds,
    /** @param {string} id @param {number} seconds */
    setSeconds: (id, seconds) => save(id, { ...load(id), seconds }),
    isOf: (/** @type {string} */ name, /** @type {string} */ id) => name === draftName(id),
    sweep: () => removeOldDrafts(store),
  };
}
