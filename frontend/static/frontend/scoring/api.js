// @ts-check
/** Calls the JSON API's addresses that the scoring page uses. */

import { createHttp } from "../common/http.js";

/** @typedef {import("./types.js").PendingWrite} PendingWrite */
/** @typedef {ReturnType<typeof createApi>} Api */

/** @param {Record<string, string>} urls @param {import("../common/types.js").Person} person */
export function createApi(urls, person) {
  const { call, ...door } = createHttp(urls, person);

  /** @param {string} id */
  const assignment = (id) => urls.assignment.replace("ID", encodeURIComponent(id));

  /**
   * Deliver one pending write; the same one may be delivered twice.
   * @param {PendingWrite} pendingWrite
   */
  function deliver(pendingWrite) {
    const { key: client_key, ratings, touched, notes, seconds, reason, note } = pendingWrite;
    if (pendingWrite.kind === "undo") return call("DELETE", `${assignment(pendingWrite.assignment)}score/`);
    if (pendingWrite.kind === "skip")
      return call("POST", `${assignment(pendingWrite.assignment)}skip/`, { client_key, reason, note });
    if (pendingWrite.kind === "revise")
      return call("PUT", `${assignment(pendingWrite.assignment)}revision/`, { client_key, ratings, seconds });
    return call("PUT", `${assignment(pendingWrite.assignment)}score/`, {
      client_key,
      ratings,
      notes,
      seconds,
      touched,
    });
  }

  return {
    ...door,
    deliver,
    /** @param {number} count */
    lease: (count) => call("POST", `${urls.assignments}?render=html`, { count }),
    /** @param {string} [next] */
    listScored: (next) => call("GET", next || `${urls.assignments}?state=scored&render=html&limit=5`),
    /** @param {string} id */
    renew: (id) => call("POST", `${assignment(id)}renew/`),
    /** @param {string} id */
    look: (id) => call("GET", `${assignment(id)}?render=html`),
    progress: () => call("GET", urls.progress),
  };
}
