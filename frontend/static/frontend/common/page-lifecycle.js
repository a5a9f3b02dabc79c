// @ts-check
/** Starts a page, and reacts when it is shown, hidden, connected, disconnected or left. */

const KEEP_EVERY = 5_000;

/**
 * @typedef {object} Parts
 * @property {() => void} keep  store what is being written
 * @property {() => void} draw  show what is saved and what waits
 * @property {import("./session.js").Session} session
 * @property {import("./outbox.js").Outbox} outbox
 * @property {{restart: () => void}} queue
 * @property {import("./store.js").Store} store
 * @property {{sweep: () => void}} drafts
 * @property {() => import("./types.js").Picture[]} pictures  of all the work at hand
 * @property {() => boolean} isIdle  is there no work to show?
 * @property {() => void} returned  somebody looks at the page again
 * @property {() => void} [reconnected]
 * @property {(name: string, value: any) => void} changed  another tab has written to the storage
 */

/** @param {Parts} parts */
export function startPage(parts) {
  const { keep, draw, session, outbox, queue, store, drafts, pictures, isIdle, returned, reconnected, changed } = parts;

  listenToPage({
    keep,
    flush: outbox.flush,
    returned() {
      session.look();
      if (session.state.out) return;
      void outbox.drain();
      returned();
      if (isIdle()) queue.restart();
    },
    online() {
      outbox.now();
      for (const picture of pictures()) picture.retry();
      queue.restart();
      reconnected?.();
      draw();
    },
    offline: draw,
  });
  store.watch(changed);

  drafts.sweep();
  draw();
  void outbox.drain();
}

/**
 * @param {{keep: () => void, returned: () => void, flush: () => void, online: () => void, offline: () => void}} callbacks
 *   looked: somebody has come back; flush: nobody may come back
 */
function listenToPage({ keep, returned, flush, online, offline }) {
  function left() {
    keep();
    flush();
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return left();
    keep();
    returned();
  });
  addEventListener("focus", returned);
  addEventListener("pagehide", left);
  // A page that comes back from the browser's memory has slept; its pending writes may be elsewhere.
  addEventListener("pageshow", (event) => event.persisted && returned());
  addEventListener("online", online);
  addEventListener("offline", offline);
  setInterval(keep, KEEP_EVERY);
}
