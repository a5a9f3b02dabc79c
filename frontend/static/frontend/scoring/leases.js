// @ts-check
/** Renews the leases of the samples at hand while somebody works. */

import { Refused, SignedOut } from "../common/http.js";

/** @typedef {import("./types.js").Work} Work */

const ROUND = 20_000;
/** A tab that nobody has touched for so long gives its samples back by letting them expire. */
const FORGOTTEN = 30 * 60_000;

/**
 * @param {{api: import("./api.js").Api, held: () => Work[],
 *   callbacks: {lost: (work: Work) => void, signedOut: () => void}}} options
 */
export function createLeases({ api, held, callbacks }) {
  let touched = Date.now();
  let busy = false;

  /** Renew what has used up half of its time; a machine that slept comes here first of all. */
  async function check() {
    if (busy || (document.visibilityState !== "visible" && Date.now() - touched > FORGOTTEN)) return;
    busy = true;
    try {
      for (const work of held().filter(isAging)) await renew(work);
    } catch (error) {
      if (error instanceof SignedOut) callbacks.signedOut();
      // Anything else is tried again in the next round.
    } finally {
      busy = false;
    }
  }

  /** @param {Work} work */
  function isAging({ assignment, lost }) {
    const left = Date.parse(assignment.expires_at) - api.now();
    const whole = Date.parse(assignment.expires_at) - Date.parse(assignment.leased_at);
    return !lost && left < Math.min(whole / 2, 15 * 60_000);
  }

  /** @param {Work} work */
  async function renew(work) {
    try {
      work.assignment.expires_at = (await api.renew(work.assignment.id)).expires_at;
      work.assignment.leased_at = new Date(api.now()).toISOString();
    } catch (error) {
      if (!(error instanceof Refused) || error.refusal.status >= 500 || error.refusal.status === 429) throw error;
      work.lost = true;
      callbacks.lost(work);
    }
  }

  return {
    check,
    listen() {
      for (const sign of ["keydown", "pointerdown"]) {
        addEventListener(sign, () => void (touched = Date.now()), { capture: true, passive: true });
      }
      setInterval(check, ROUND);
    },
  };
}
