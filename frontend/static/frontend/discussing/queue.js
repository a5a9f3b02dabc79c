// @ts-check
/** Holds the cases that wait for me, with the next ones fetched and their pictures decoded. */

import { Refused } from "../common/http.js";
import { createRefillLoop } from "../common/refill-loop.js";

/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").Case} Case */
/** @typedef {ReturnType<typeof createQueue>} Queue */
/**
 * @typedef {object} Callbacks
 * @property {() => void} filled   there may be more to show than before
 * @property {() => void} empty    nothing waits, or it cannot be known; see `state.reason`
 * @property {() => void} signedOut
 */

/**
 * @param {{api: import("./api.js").Api, ahead: number, build: (view: Case) => import("../common/types.js").Built,
 *   waits: (item: Item) => boolean, held: (item: Item) => boolean, paused: () => boolean,
 *   callbacks: Callbacks}} options  held: must not be dropped; paused: nothing can be said now
 */
export function createQueue({ api, ahead, build, waits, held, paused, callbacks }) {
  /** @type {Item[]} */
  const items = [];
  const loop = createRefillLoop({
    async load() {
      take((await api.waiting()).results);
      loop.state.reason = "nothing_waits";
      await fetchAhead();
    },
    isPaused: paused,
    callbacks: {
      paused: callbacks.empty,
      finished() {
        if (items.some(waits)) return;
        loop.retryLater();
        callbacks.empty();
      },
      signedOut: callbacks.signedOut,
    },
  });

  /** @param {import("./types.js").Row[]} rows */
  function take(rows) {
    const order = rows.map((row) => row.id);
    for (const item of [...items]) if (!order.includes(item.id) && !held(item)) drop(item);
    for (const id of order)
      if (!items.some((item) => item.id === id)) items.push({ id, view: null, built: null, at: 0 });
    const place = (/** @type {Item} */ item) => (order.indexOf(item.id) + order.length + 1) % (order.length + 1);
    items.sort((a, b) => place(a) - place(b));
  }

  async function fetchAhead() {
    for (const item of items.filter(waits).slice(0, ahead)) {
      if (item.view) continue;
      const view = await api.look(item.id).catch((error) => {
        // Closed or taken away since the list was made: no reason to stop.
        if (error instanceof Refused && error.refusal.status === 404) return null;
        throw error;
      });
      if (view) put(view);
      else drop(item);
      callbacks.filled();
    }
  }

  /** A case as the server shows it now. @param {Case} view @returns {Item} */
  function put(view) {
    let item = items.find(({ id }) => id === view.id);
    if (!item) items.push((item = { id: view.id, view: null, built: null, at: 0 }));
    item.view = view;
    item.at = Date.now();
    item.built ??= build(view);
    loop.resetPause();
    return item;
  }

  /** @param {Item} item */
  function drop(item) {
    item.built?.stage.remove();
    const index = items.indexOf(item);
    if (index >= 0) items.splice(index, 1);
  }

  return {
    items,
    state: loop.state,
    /** Ask what waits, and fetch what comes next. */
    refill: loop.refill,
    put,
    drop,
    /** @param {string} id */
    get: (id) => items.find((item) => item.id === id) ?? null,
    /** The one that waits after this one, in the order of the queue; it may still have to be fetched. @param {string} id */
    after(id) {
      const at = items.findIndex((item) => item.id === id);
      return [...items.slice(at + 1), ...items.slice(0, Math.max(at, 0))].find(waits) ?? null;
    },
    restart() {
      loop.resetPause();
      void loop.refill();
    },
  };
}
