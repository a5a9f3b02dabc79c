// @ts-check
/** Calls the JSON API's addresses that the discussion page uses. */

import { createHttp } from "../common/http.js";

/** @typedef {import("./types.js").PendingWrite} PendingWrite */
/** @typedef {ReturnType<typeof createApi>} Api */

const PAGE = 20;

/** @param {Record<string, string>} urls @param {import("../common/types.js").Person} person */
export function createApi(urls, person) {
  const { call, ...door } = createHttp(urls, person);

  /** @param {string} id */
  const discussion = (id) => urls.discussion.replace("ID", encodeURIComponent(id));

  /**
   * Deliver one pending write; the same one may be delivered twice. The answer is the case as it is then.
   * @param {PendingWrite} pendingWrite
   * @returns {Promise<import("./types.js").Case>}
   */
  function deliver({ key: client_key, kind, discussion: id, dimension, value, before, code, text, seconds }) {
    const to = (/** @type {string} */ place) => `${discussion(id)}${place}/?render=html`;
    if (kind === "comment") return call("POST", to("posts"), { client_key, dimension, text, seconds });
    /** @type {Record<string, {code?: string, text?: string}>} */
    const reasons = code || text ? { [dimension]: { ...(code && { code }), ...(text && { text }) } } : {};
    const moves = value !== null && (kind === "stance" || value !== before);
    const stances = moves ? { [dimension]: value } : {};
    return call("PUT", to(kind === "reason" ? "reason" : "stances"), { client_key, reasons, stances, seconds });
  }

  return {
    ...door,
    deliver,
    /** What waits for me, the widest difference first. @returns {Promise<{results: import("./types.js").Row[]}>} */
    waiting: () => call("GET", `${urls.discussions}?state=waiting&limit=${PAGE}`),
    /**
     * @param {string} id
     * @param {string} [since]  the version that is known; null comes back while nothing is new
     * @returns {Promise<import("./types.js").Case|null>}
     */
    look: (id, since) =>
      call("GET", `${discussion(id)}?render=html${since ? `&since=${encodeURIComponent(since)}` : ""}`),
    /** @returns {Promise<{waiting: number}>} */
    progress: () => call("GET", urls.progress),
  };
}
