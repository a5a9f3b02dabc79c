// @ts-check
/** Sends one pending write to the server and handles the answer. */

import { Refused, SignedOut, Unreachable } from "./http.js";

/** @typedef {import("./types.js").PendingWrite} PendingWrite */
/**
 * @typedef {object} Callbacks
 * @property {(pendingWrite: any, answer: any) => void} sent
 * @property {(pendingWrite: any) => void} refused
 * @property {() => Promise<boolean>} samePerson  is the session still that of the pending writes' writer?
 * @property {(pendingWrite: any, refusal: import("./types.js").Refusal) => any} [interpretRefusal]  the answer that a refusal is as good as
 */
/** What to do after a pending write: go on with the next one, wait for the connection, or wait for a new session.
 * @typedef {"next"|"offline"|"signed out"} Result */

/** So often a server may fail over one pending write before the person is asked. */
const ENOUGH = 6;
const FIRST_WAIT = 1_000;
export const LONGEST_WAIT = 60_000;

/**
 * @param {{api: {deliver: (pendingWrite: any) => Promise<any>}, pendingWrites: import("./pending-writes.js").PendingWrites<any>, callbacks: Callbacks}} options
 */
export function createDelivery({ api, pendingWrites, callbacks }) {
  /** @type {Set<string>} */
  const onTheWay = new Set();

  /**
   * @param {PendingWrite} pendingWrite
   * @returns {Promise<Result>}
   */
  async function send(pendingWrite) {
    const tried = { ...pendingWrite, tries: pendingWrite.tries + 1 };
    onTheWay.add(pendingWrite.key);
    // Written before it leaves: from here on the server may know of it, whatever becomes of the page.
    pendingWrites.put(tried);
    try {
      settle(pendingWrite, await api.deliver(pendingWrite));
      return "next";
    } catch (error) {
      if (error instanceof SignedOut) return "signed out";
      if (error instanceof Unreachable) {
        // Other tabs read there that the connection is down.
        if (pendingWrites.get(pendingWrite.key)) pendingWrites.put({ ...tried, stuck: true });
        return "offline";
      }
      if (error instanceof Refused) return await refused(tried, error);
      throw error;
    } finally {
      onTheWay.delete(pendingWrite.key);
    }
  }

  /**
   * @param {PendingWrite} pendingWrite
   * @param {any} answer
   */
  function settle(pendingWrite, answer) {
    pendingWrites.remove(pendingWrite.key);
    callbacks.sent(pendingWrite, answer);
  }

  /**
   * @param {PendingWrite} pendingWrite
   * @param {Refused} error
   * @returns {Promise<Result>}
   */
  async function refused(pendingWrite, { refusal, wait }) {
    // A copy of it, sent by a page that was being left, has arrived meanwhile: this is no news.
    if (!pendingWrites.get(pendingWrite.key)) return "next";
    const answer = callbacks.interpretRefusal?.(pendingWrite, refusal);
    if (answer) {
      settle(pendingWrite, answer);
      return "next";
    }
    if (refusal.status === 429 || (refusal.status >= 500 && pendingWrite.tries < ENOUGH)) {
      const after = Date.now() + (wait || Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** pendingWrite.tries));
      pendingWrites.put({ ...pendingWrite, after });
      return "next";
    }
    // Somebody else's session knows nothing of what is ours: that says nothing about the pending write.
    if (refusal.status === 404 || refusal.status === 403) {
      const same = await callbacks.samePerson().catch(() => null);
      if (same !== true) return same === null ? "offline" : "signed out";
    }
    const refusedWrite = { ...pendingWrite, refusal };
    pendingWrites.put(refusedWrite);
    callbacks.refused(refusedWrite);
    return "next";
  }

  return { send, isOnTheWay: (/** @type {string} */ key) => onTheWay.has(key) };
}
