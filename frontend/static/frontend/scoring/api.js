// @ts-check
/** The addresses of the JSON door that the scoring page uses. */

import { createHttp } from "../common/http.js";

/** @typedef {import("./types.js").Letter} Letter */
/** @typedef {ReturnType<typeof createApi>} Api */

/** @param {Record<string, string>} urls @param {import("../common/types.js").Person} person */
export function createApi(urls, person) {
  const { call, ...door } = createHttp(urls, person);

  /** @param {string} id */
  const assignment = (id) => urls.assignment.replace("ID", encodeURIComponent(id));

  /**
   * Deliver one letter; the same one may be delivered twice.
   * @param {Letter} letter
   */
  function deliver(letter) {
    const { key: client_key, ratings, touched, notes, seconds, reason, note } = letter;
    if (letter.kind === "undo") return call("DELETE", `${assignment(letter.assignment)}score/`);
    if (letter.kind === "skip")
      return call("POST", `${assignment(letter.assignment)}skip/`, { client_key, reason, note });
    if (letter.kind === "revise")
      return call("PUT", `${assignment(letter.assignment)}revision/`, { client_key, ratings, seconds });
    return call("PUT", `${assignment(letter.assignment)}score/`, { client_key, ratings, notes, seconds, touched });
  }

  return {
    ...door,
    deliver,
    /** @param {number} count */
    lease: (count) => call("POST", `${urls.assignments}?render=html`, { count }),
    /** @param {string} [next] */
    past: (next) => call("GET", next || `${urls.assignments}?state=scored&render=html&limit=5`),
    /** @param {string} id */
    renew: (id) => call("POST", `${assignment(id)}renew/`),
    /** @param {string} id */
    look: (id) => call("GET", `${assignment(id)}?render=html`),
    progress: () => call("GET", urls.progress),
  };
}
