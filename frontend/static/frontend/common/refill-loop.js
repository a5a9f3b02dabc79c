// @ts-check
/** Asks the server for work: one request at a time, and ever more rarely while there is none. */

import { Refused, SignedOut } from "./http.js";

const FIRST_PAUSE = 15_000;
const LONGEST_PAUSE = 300_000;

/**
 * @param {{load: () => Promise<void>, isPaused?: () => boolean,
 *   callbacks: {finished: (failed: boolean) => void, signedOut: () => void, paused?: () => void}}} options
 *   load: asks once, and may write `state.reason`; finished: called after each request; paused: nothing was asked
 */
export function createRefillLoop({ load, isPaused = () => false, callbacks }) {
  /** Why there is no work. */
  const state = { reason: "loading" };
  /** @type {Promise<void>|null} */
  let asking = null;
  let again = false;
  let pause = FIRST_PAUSE;
  /** @type {number|undefined} */
  let timer;

  /** Ask now. One question at a time; what comes up meanwhile is asked afterwards. */
  function refill() {
    if (isPaused()) {
      callbacks.paused?.();
      return Promise.resolve();
    }
    again = true;
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  }

  async function ask() {
    while (again) {
      again = false;
      clearTimeout(timer);
      let failed = false;
      try {
        await load();
      } catch (error) {
        if (error instanceof SignedOut) return callbacks.signedOut();
        state.reason = error instanceof Refused ? reasonOf(error) : "offline";
        failed = true;
      }
      callbacks.finished(failed);
    }
  }

  /** Ask again after a while, ever more rarely, and only while somebody looks. */
  function retryLater() {
    clearTimeout(timer);
    timer = setTimeout(
      () => (document.visibilityState === "visible" ? void refill() : retryLater()),
      pause * (0.9 + 0.2 * Math.random()),
    );
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }

  return {
    state,
    refill,
    retryLater,
    /** Work has come, or somebody looks again: the next pause is short. */
    resetPause() {
      pause = FIRST_PAUSE;
    },
  };
}

/** @param {Refused} error */
function reasonOf({ refusal }) {
  return refusal.status >= 500 || refusal.status === 429 ? "offline" : "not_allowed";
}
