// @ts-check
/** Sends pending writes one at a time and in order, from one tab, until each is confirmed or refused. */

import { createDelivery, LONGEST_WAIT } from "./delivery.js";

/** @typedef {import("./types.js").PendingWrite} PendingWrite */
/** @typedef {ReturnType<typeof createOutbox>} Outbox */
/** @typedef {import("./delivery.js").Callbacks & {changed: () => void, signedOut: () => void}} Callbacks */

const FIRST_PAUSE = 1_000;
/** What one tab writes reaches the storage of another a moment later; so long nobody else may send. */
const SPREADS_WITHIN = 200;

/**
 * @param {{api: {deliver: (pendingWrite: any) => Promise<any>}, pendingWrites: import("./pending-writes.js").PendingWrites<any>, name: string,
 *   callbacks: Callbacks}} options  under the name the tabs of this browser agree which of them sends
 */
export function createOutbox({ api, pendingWrites, name, callbacks }) {
  const state = { offline: false, held: false };
  const delivery = createDelivery({ api, pendingWrites, callbacks });
  let running = false;
  let asked = false;
  let hurried = false;
  let pause = FIRST_PAUSE;
  /** @type {number|undefined} */
  let timer;

  /** Pending writes whose turn it is: of those about one thing the oldest, since an undo must not overtake its submit. */
  function due() {
    const seen = new Set();
    return pendingWrites
      .waiting()
      .filter(
        (pendingWrite) => !seen.has(pendingWrites.about(pendingWrite)) && seen.add(pendingWrites.about(pendingWrite)),
      );
  }

  /** Only one tab sends; the others wait for it here. Without Web Locks the server's client keys still hold. */
  async function drain() {
    asked = true;
    if (running || state.held) return;
    running = true;
    clearTimeout(timer);
    try {
      while (asked && !state.held) {
        if (navigator.locks) await navigator.locks.request(`outbox:${name}`, sendAsked);
        else await sendAsked();
      }
    } finally {
      running = false;
      plan();
      callbacks.changed();
    }
  }

  async function sendAsked() {
    while (asked && !state.held) {
      asked = false;
      if (await sendAll()) await new Promise((done) => setTimeout(done, SPREADS_WITHIN));
    }
  }

  /** @returns {Promise<boolean>} whether anything left */
  async function sendAll() {
    // Here, where no other tab may just have removed what is written.
    if (hurried)
      for (const pendingWrite of pendingWrites.waiting())
        if (pendingWrite.after) pendingWrites.put({ ...pendingWrite, after: 0 });
    hurried = false;
    for (let left = false; ; left = true) {
      const pendingWrite = state.held ? undefined : due().find((pendingWrite) => pendingWrite.after <= Date.now());
      if (!pendingWrite) return left;
      const result = await delivery.send(pendingWrite);
      state.offline = result === "offline";
      if (result === "signed out") hold();
      if (result !== "next") return true;
      pause = FIRST_PAUSE;
      callbacks.changed();
    }
  }

  /** Look again when the next pending write is due, or when the connection may be back. */
  function plan() {
    clearTimeout(timer);
    const waiting = due();
    if (!waiting.length || state.held) return;
    const first = Math.min(...waiting.map((pendingWrite) => pendingWrite.after)) - Date.now();
    timer = setTimeout(drain, Math.max(first, state.offline ? pause * (0.8 + 0.4 * Math.random()) : 50));
    if (state.offline) pause = Math.min(LONGEST_WAIT, pause * 2);
  }

  /** The page may be gone in a moment: send what is due without waiting for anybody; a second copy does no harm. */
  function flush() {
    if (state.held) return;
    for (const pendingWrite of due())
      if (!delivery.isOnTheWay(pendingWrite.key)) delivery.send(pendingWrite).catch(() => undefined);
  }

  /** @param {PendingWrite & Record<string, unknown>} pendingWrite */
  function put(pendingWrite) {
    pendingWrites.put(pendingWrite);
    callbacks.changed();
    if (running) asked = true;
    if (running || state.offline) return;
    clearTimeout(timer);
    // After the frame in which the next sample is painted.
    timer = setTimeout(drain, 25);
  }

  /** Try at once, whatever was planned. */
  function now() {
    pause = FIRST_PAUSE;
    hurried = true;
    void drain();
  }

  /** The session is over, or another person's: nothing leaves until the writer is back. */
  function hold() {
    if (state.held) return;
    state.held = true;
    callbacks.signedOut();
  }

  function resume() {
    state.held = false;
    now();
  }

  return { put, drain, flush, now, resume, hold, isOnTheWay: delivery.isOnTheWay, state };
}
