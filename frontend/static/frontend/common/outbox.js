// @ts-check
/** Decides when letters go: one at a time and in order, from one tab, until each is confirmed or refused. */

import { createDelivery, LONGEST_WAIT } from "./delivery.js";

/** @typedef {import("./types.js").Letter} Letter */
/** @typedef {ReturnType<typeof createOutbox>} Outbox */
/** @typedef {import("./delivery.js").Hears & {changed: () => void, signedOut: () => void}} Hears */

const FIRST_PAUSE = 1_000;
/** What one tab writes reaches the storage of another a moment later; so long nobody else may send. */
const SPREADS_WITHIN = 200;

/**
 * @param {{api: {deliver: (letter: any) => Promise<any>}, letters: import("./pending-writes.js").Letters<any>, name: string,
 *   hears: Hears}} given  under the name the tabs of this browser agree which of them sends
 */
export function createOutbox({ api, letters, name, hears }) {
  const state = { offline: false, held: false };
  const delivery = createDelivery({ api, letters, hears });
  let running = false;
  let asked = false;
  let hurried = false;
  let pause = FIRST_PAUSE;
  /** @type {number|undefined} */
  let timer;

  /** Letters whose turn it is: of those about one thing the oldest, since an undo must not overtake its submit. */
  function due() {
    const seen = new Set();
    return letters.waiting().filter((letter) => !seen.has(letters.about(letter)) && seen.add(letters.about(letter)));
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
      hears.changed();
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
    if (hurried) for (const letter of letters.waiting()) if (letter.after) letters.put({ ...letter, after: 0 });
    hurried = false;
    for (let left = false; ; left = true) {
      const letter = state.held ? undefined : due().find((one) => one.after <= Date.now());
      if (!letter) return left;
      const verdict = await delivery.send(letter);
      state.offline = verdict === "offline";
      if (verdict === "signed out") hold();
      if (verdict !== "next") return true;
      pause = FIRST_PAUSE;
      hears.changed();
    }
  }

  /** Look again when the next letter is due, or when the connection may be back. */
  function plan() {
    clearTimeout(timer);
    const waiting = due();
    if (!waiting.length || state.held) return;
    const first = Math.min(...waiting.map((letter) => letter.after)) - Date.now();
    timer = setTimeout(drain, Math.max(first, state.offline ? pause * (0.8 + 0.4 * Math.random()) : 50));
    if (state.offline) pause = Math.min(LONGEST_WAIT, pause * 2);
  }

  /** The page may be gone in a moment: send what is due without waiting for anybody; a second copy does no harm. */
  function flush() {
    if (state.held) return;
    for (const letter of due()) if (!delivery.isOnTheWay(letter.key)) delivery.send(letter).catch(() => undefined);
  }

  /** @param {Letter & Record<string, unknown>} letter */
  function put(letter) {
    letters.put(letter);
    hears.changed();
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
    hears.signedOut();
  }

  function resume() {
    state.held = false;
    now();
  }

  return { put, drain, flush, now, resume, hold, isOnTheWay: delivery.isOnTheWay, state };
}
