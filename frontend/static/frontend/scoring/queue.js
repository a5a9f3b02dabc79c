// @ts-check
/** The leased samples at hand: the shown one and, built and decoded, those that follow. */

import { Refused, SignedOut } from "../common/http.js";

/** @typedef {import("./types.js").Work} Work */
/** @typedef {import("./types.js").Assignment} Assignment */
/** @typedef {ReturnType<typeof createQueue>} Queue */
/**
 * @typedef {object} Hears
 * @property {() => void} filled        there may be more to show than before
 * @property {(reason: string) => void} empty   nothing is held, and why
 * @property {() => void} signedOut
 */

/** The server lends no more than this to one person. */
const MOST = 10;
const FIRST_PAUSE = 15_000;
const LONGEST_PAUSE = 300_000;

/**
 * @param {{api: import("./api.js").Api, letters: import("../common/letters.js").Letters<import("./types.js").Letter>, ahead: number,
 *   build: (assignment: Assignment) => Work, hears: Hears}} given
 */
export function createQueue({ api, letters, ahead, build, hears }) {
  /** @type {Work[]} */
  const items = [];
  /** Done here; an answer that was under way meanwhile may still list them. @type {Set<string>} */
  const finished = new Set();
  const state = { reason: "loading" };
  /** @type {Promise<void>|null} */
  let asking = null;
  let again = false;
  let pause = FIRST_PAUSE;
  /** @type {number|undefined} */
  let timer;

  /** Is this assignment dealt with, as far as the person is concerned? @param {string} id */
  function isFinished(id) {
    const own = letters.waiting().filter(({ assignment }) => assignment === id);
    return own.length > 0 && own[own.length - 1].kind !== "undo";
  }

  /** Ask for as many as are missing. One question at a time; what comes up meanwhile is asked afterwards. */
  function refill() {
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
      try {
        // What was finished here may still be held there: its letter is under way, or was refused.
        take(await api.lease(Math.min(MOST, ahead + letters.all().length)));
      } catch (error) {
        if (error instanceof SignedOut) return hears.signedOut();
        state.reason = error instanceof Refused ? refusedFor(error) : "offline";
        later();
      }
      if (items.length) hears.filled();
      else hears.empty(state.reason);
    }
  }

  /** @param {{assignments: Assignment[], reason: string|null}} answer */
  function take({ assignments, reason }) {
    for (const assignment of assignments) {
      const known = items.find((item) => item.assignment.id === assignment.id);
      if (known) {
        known.assignment.expires_at = assignment.expires_at;
        known.lost = false;
      } else if (!finished.has(assignment.id) && !isFinished(assignment.id)) {
        items.push(build(assignment));
      }
    }
    state.reason = reason ?? "loading";
    if (items.length) pause = FIRST_PAUSE;
    else later();
  }

  /** Ask again after a while, ever more rarely, and only while somebody looks. */
  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (document.visibilityState === "visible") void refill();
      else later();
    }, pause * (0.9 + 0.2 * Math.random()));
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }

  /** @param {string} id */
  function drop(id) {
    const index = items.findIndex((item) => item.assignment.id === id);
    if (index >= 0) items.splice(index, 1)[0].stage.remove();
  }

  return {
    items,
    state,
    refill,
    drop,
    /** Scored or skipped here: it will not come back. @param {string} id */
    finish(id) {
      finished.add(id);
      drop(id);
    },
    /** Undone: it is the first to be shown again. @param {Work} work */
    restore(work) {
      finished.delete(work.assignment.id);
      drop(work.assignment.id);
      items.unshift(work);
    },
    /** Somebody is looking again, or the connection is back. */
    wake() {
      pause = FIRST_PAUSE;
      if (items.length < ahead) void refill();
    },
  };
}

/** @param {Refused} error */
function refusedFor({ refusal }) {
  return refusal.status >= 500 || refusal.status === 429 ? "offline" : "not_allowed";
}
