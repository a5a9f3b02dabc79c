// @ts-check
/** Takes one letter to the server and judges what came back. */

import { Refused, SignedOut, Unreachable } from "./http.js";

/** @typedef {import("./types.js").Letter} Letter */
/**
 * @typedef {object} Hears
 * @property {(letter: any, answer: any) => void} sent
 * @property {(letter: any) => void} refused
 * @property {() => Promise<boolean>} samePerson  is the session still that of the letters' writer?
 * @property {(letter: any, refusal: import("./types.js").Refusal) => any} [amountsTo]  the answer that a refusal is as good as
 */
/** What to do after a letter: go on with the next one, wait for the connection, or wait for a new session.
 * @typedef {"next"|"offline"|"signed out"} Verdict */

/** So often a server may fail over one letter before the person is asked. */
const ENOUGH = 6;
const FIRST_WAIT = 1_000;
export const LONGEST_WAIT = 60_000;

/**
 * @param {{api: {deliver: (letter: any) => Promise<any>}, letters: import("./pending-writes.js").Letters<any>, hears: Hears}} given
 */
export function createDelivery({ api, letters, hears }) {
  /** @type {Set<string>} */
  const onTheWay = new Set();

  /**
   * @param {Letter} letter
   * @returns {Promise<Verdict>}
   */
  async function send(letter) {
    const tried = { ...letter, tries: letter.tries + 1 };
    onTheWay.add(letter.key);
    // Written before it leaves: from here on the server may know of it, whatever becomes of the page.
    letters.put(tried);
    try {
      settle(letter, await api.deliver(letter));
      return "next";
    } catch (error) {
      if (error instanceof SignedOut) return "signed out";
      if (error instanceof Unreachable) {
        // Other tabs read there that the connection is down.
        if (letters.get(letter.key)) letters.put({ ...tried, stuck: true });
        return "offline";
      }
      if (error instanceof Refused) return await refused(tried, error);
      throw error;
    } finally {
      onTheWay.delete(letter.key);
    }
  }

  /**
   * @param {Letter} letter
   * @param {any} answer
   */
  function settle(letter, answer) {
    letters.remove(letter.key);
    hears.sent(letter, answer);
  }

  /**
   * @param {Letter} letter
   * @param {Refused} error
   * @returns {Promise<Verdict>}
   */
  async function refused(letter, { refusal, wait }) {
    // A copy of it, sent by a page that was being left, has arrived meanwhile: this is no news.
    if (!letters.get(letter.key)) return "next";
    const answer = hears.amountsTo?.(letter, refusal);
    if (answer) {
      settle(letter, answer);
      return "next";
    }
    if (refusal.status === 429 || (refusal.status >= 500 && letter.tries < ENOUGH)) {
      const after = Date.now() + (wait || Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** letter.tries));
      letters.put({ ...letter, after });
      return "next";
    }
    // Somebody else's session knows nothing of what is ours: that is no verdict on the letter.
    if (refusal.status === 404 || refusal.status === 403) {
      const same = await hears.samePerson().catch(() => null);
      if (same !== true) return same === null ? "offline" : "signed out";
    }
    const aside = { ...letter, refusal };
    letters.put(aside);
    hears.refused(aside);
    return "next";
  }

  return { send, isOnTheWay: (/** @type {string} */ key) => onTheWay.has(key) };
}
