// @ts-check
/** Asks for changes of the shown case: every few seconds while somebody works, else rarely. */

import { Refused, SignedOut } from "../common/http.js";

/** @typedef {import("./types.js").Item} Item */
/** @typedef {ReturnType<typeof createPoll>} Poll */

const BUSY = 4_000;
const IDLE = 20_000;
const LONGEST = 120_000;
/** After so long without a sign of life somebody is taken to be away. */
const AWAY = 120_000;

/**
 * @param {{api: import("./api.js").Api, current: () => Item|null,
 *   callbacks: {changed: (item: Item, view: import("./types.js").Case) => void, gone: (item: Item) => void,
 *     signedOut: () => void}}} options
 */
export function createPoll({ api, current, callbacks }) {
  let touched = Date.now();
  let failures = 0;
  let busy = false;
  /** @type {number|undefined} */
  let timer;

  function plan() {
    clearTimeout(timer);
    const base = Date.now() - touched > AWAY ? IDLE : BUSY;
    timer = setTimeout(look, Math.min(LONGEST, base * 2 ** failures) * (0.9 + 0.2 * Math.random()));
  }

  async function look() {
    const item = current();
    // Nobody sees a hidden page; it asks as soon as it is shown again.
    if (busy || !item?.view || document.visibilityState !== "visible") return plan();
    busy = true;
    const { at } = item;
    try {
      const view = await api.look(item.id, item.view.version);
      failures = 0;
      // An answer to a pending write of mine came in between: it is newer than this one, or as new.
      if (view && item.at === at) callbacks.changed(item, view);
    } catch (error) {
      if (error instanceof SignedOut) callbacks.signedOut();
      else if (error instanceof Refused && error.refusal.status === 404) callbacks.gone(item);
      else failures += 1;
    } finally {
      busy = false;
      plan();
    }
  }

  return {
    /** Ask at once. */
    now() {
      failures = 0;
      void look();
    },
    listen() {
      for (const sign of ["keydown", "pointerdown", "pointermove", "wheel"]) {
        addEventListener(
          sign,
          () => {
            const back = Date.now() - touched > AWAY;
            touched = Date.now();
            if (back) void look();
          },
          { capture: true, passive: true },
        );
      }
      plan();
    },
  };
}
