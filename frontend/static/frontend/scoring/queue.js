// @ts-check
/** Holds the leased samples: the shown one and, built and decoded, those that follow. */

import { createRefillLoop } from "../common/refill-loop.js";
import { isRevision, nameWork } from "./work-names.js";

/** @typedef {import("./types.js").Work} Work */
/** @typedef {import("./types.js").Assignment} Assignment */
/** @typedef {ReturnType<typeof createQueue>} Queue */
/**
 * @typedef {object} Callbacks
 * @property {() => void} filled        there may be more to show than before
 * @property {(assignment: Assignment) => void} revising  one waits for an answer to the judge's values
 * @property {(reason: string) => void} empty   nothing is held, and why
 * @property {() => void} signedOut
 */

/** The server lends no more than this to one person. */
const MOST = 10;

/**
 * @param {{api: import("./api.js").Api, pendingWrites: import("../common/pending-writes.js").PendingWrites<import("./types.js").PendingWrite>, ahead: number,
 *   build: (assignment: Assignment) => Work, callbacks: Callbacks}} options
 */
export function createQueue({ api, pendingWrites, ahead, build, callbacks }) {
  /** @type {Work[]} */
  const items = [];
  /** Done here, by name; an answer that was under way meanwhile may still list them. @type {Set<string>} */
  const finished = new Set();
  const loop = createRefillLoop({
    // What was finished here may still be held there: its pending write is under way, or was refused.
    load: async () => take(await api.lease(Math.min(MOST, ahead + pendingWrites.all().length))),
    callbacks: {
      finished(failed) {
        if (failed) loop.retryLater();
        if (items.length) callbacks.filled();
        else callbacks.empty(loop.state.reason);
      },
      signedOut: callbacks.signedOut,
    },
  });

  /** Is this piece of work dealt with, as far as the person is concerned? @param {Assignment} assignment */
  function isFinished(assignment) {
    if (finished.has(nameWork(assignment))) return true;
    const last = pendingWrites
      .waiting()
      .filter((pendingWrite) => pendingWrite.assignment === assignment.id)
      .pop();
    return Boolean(last) && !(last?.kind === "undo" && Boolean(last.revision) === isRevision(assignment));
  }

  /** @param {{assignments: Assignment[], reason: string|null}} answer */
  function take({ assignments, reason }) {
    for (const assignment of assignments) {
      const known = items.find((item) => item.name === nameWork(assignment));
      if (known) {
        known.assignment.expires_at = assignment.expires_at;
        known.lost = false;
      } else if (!isFinished(assignment)) {
        if (isRevision(assignment)) callbacks.revising(assignment);
        else items.push(build(assignment));
      }
    }
    loop.state.reason = reason ?? "loading";
    if (items.length) loop.resetPause();
    else loop.retryLater();
  }

  /** @param {string} name */
  function drop(name) {
    const index = items.findIndex((item) => item.name === name);
    if (index >= 0) items.splice(index, 1)[0].stage.remove();
  }

  return {
    items,
    state: loop.state,
    /** Ask for as many as are missing. */
    refill: loop.refill,
    drop,
    /** @param {Assignment} assignment @param {number} at */
    insert(assignment, at) {
      finished.delete(nameWork(assignment));
      drop(nameWork(assignment));
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
    restart() {
      loop.resetPause();
      if (items.length < ahead) void loop.refill();
    },
  };
}
