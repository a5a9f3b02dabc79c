// @ts-check
/** The leased samples at hand: the shown one and, built and decoded, those that follow. */

import { Refused, SignedOut } from "../common/http.js";
import { isRevision, nameOf } from "./work-names.js";

/** @typedef {import("./types.js").Work} Work */
/** @typedef {import("./types.js").Assignment} Assignment */
/** @typedef {ReturnType<typeof createQueue>} Queue */
/**
 * @typedef {object} Hears
 * @property {() => void} filled        there may be more to show than before
 * @property {(assignment: Assignment) => void} revising  one waits for an answer to the judge's values
 * @property {(reason: string) => void} empty   nothing is held, and why
 * @property {() => void} signedOut
 */

/** The server lends no more than this to one person. */
const MOST = 10;
const FIRST_PAUSE = 15_000;
const LONGEST_PAUSE = 300_000;

/**
 * @param {{api: import("./api.js").Api, letters: import("../common/pending-writes.js").Letters<import("./types.js").Letter>, ahead: number,
 *   build: (assignment: Assignment) => Work, hears: Hears}} given
 */
export function createQueue({ api, letters, ahead, build, hears }) {
  /** @type {Work[]} */
  const items = [];
  /** Done here, by name; an answer that was under way meanwhile may still list them. @type {Set<string>} */
  const finished = new Set();
  const state = { reason: "loading" };
  /** @type {Promise<void>|null} */
  let asking = null;
  let again = false;
  let pause = FIRST_PAUSE;
  /** @type {number|undefined} */
  let timer;

  /** Is this piece of work dealt with, as far as the person is concerned? @param {Assignment} assignment */
  function isFinished(assignment) {
    if (finished.has(nameOf(assignment))) return true;
    const last = letters
      .waiting()
      .filter((letter) => letter.assignment === assignment.id)
      .pop();
    return Boolean(last) && !(last?.kind === "undo" && Boolean(last.revision) === isRevision(assignment));
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
      const known = items.find((item) => item.name === nameOf(assignment));
      if (known) {
        known.assignment.expires_at = assignment.expires_at;
        known.lost = false;
      } else if (!isFinished(assignment)) {
        if (isRevision(assignment)) hears.revising(assignment);
        else items.push(build(assignment));
      }
    }
    state.reason = reason ?? "loading";
    if (items.length) pause = FIRST_PAUSE;
    else later();
  }

  /** Ask again after a while, ever more rarely, and only while somebody looks. */
  function later() {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        if (document.visibilityState === "visible") void refill();
        else later();
      },
      pause * (0.9 + 0.2 * Math.random()),
    );
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }

  /** @param {string} name */
  function drop(name) {
    const index = items.findIndex((item) => item.name === name);
    if (index >= 0) items.splice(index, 1)[0].stage.remove();
  }

  return {
    items,
    state,
    refill,
    drop,
    /** @param {Assignment} assignment @param {number} at */
    insert(assignment, at) {
      finished.delete(nameOf(assignment));
      drop(nameOf(assignment));
      items.splice(at, 0, build(assignment));
    },
    /** Scored, skipped or answered here: it will not come back. @param {string} name */
    finish(name) {
      finished.add(name);
      drop(name);
    },
    /** Undone: it is the first to be shown again. @param {Work} work */
    restore(work) {
      finished.delete(work.name);
      drop(work.name);
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
