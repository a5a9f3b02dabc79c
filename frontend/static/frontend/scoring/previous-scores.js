// @ts-check
/** Lists one's own previous scores in this study, newest first. */

import { isRevision } from "./work-names.js";

/** @typedef {import("./types.js").Assignment} Assignment */
/** @typedef {import("./types.js").Given} Given */
/** @typedef {{assignment: Assignment, given: Given, key: string, pending: boolean}} Entry */
/** @typedef {ReturnType<typeof createPreviousScores>} PreviousScores */

/** @param {{api: import("./api.js").Api}} options */
export function createPreviousScores({ api }) {
  /** @type {Entry[]} */
  const entries = [];
  /** @type {string|null|undefined}  null: there is no more */
  let next;

  /** @param {string} id */
  const find = (id) => entries.findIndex((entry) => entry.assignment.id === id);

  async function more() {
    const page = await api.listScored(next ?? undefined);
    next = page.next ?? null;
    for (const assignment of page.results) {
      // What still waits for an answer to the judge's values is not over.
      if (assignment.score && !isRevision(assignment) && find(assignment.id) < 0) {
        entries.push({ assignment, given: assignment.score, key: "", pending: false });
      }
    }
  }

  return {
    /**
     * The entry at this distance from now, or null where the past begins.
     * @param {number} index
     * @returns {Promise<Entry|null>}
     */
    async at(index) {
      while (index >= entries.length && next !== null) await more();
      return entries[index] ?? null;
    },
    /** The newest one that is known here. */
    latest: () => entries[0] ?? null,
    /** @param {Entry|null} entry */
    mayUndo: (entry) => entry !== null && (entry.pending || Date.parse(entry.given.undo_until ?? "") > api.now()),
    /**
     * Just submitted; the answer is not in yet.
     * @param {Assignment} assignment
     * @param {{key: string, ratings: Record<string, number|null>, notes: Record<string, string>, seconds: number}} score
     */
    add(assignment, { key, ratings, notes, seconds }) {
      const given = { ratings, notes, seconds, scored_at: new Date().toISOString(), undo_until: "" };
      entries.unshift({ assignment, given, key, pending: true });
    },
    /**
     * The judge's values were answered; the server's word is not in yet.
     * @param {Assignment} assignment
     * @param {{key: string, ratings: Record<string, number|null>}} score
     */
    revise(assignment, { key, ratings }) {
      const score = /** @type {Given} */ (assignment.score);
      const given = { ...score, ratings, own: score.ratings, undo_until: "" };
      entries.unshift({ assignment: { ...assignment, state: "scored" }, given, key, pending: true });
    },
    /** @param {string} id @param {Partial<Given>} given */
    confirm(id, given) {
      const entry = entries[find(id)];
      if (entry) Object.assign(entry, { given: { ...entry.given, ...given }, pending: false });
    },
    /** What the judge's values were answered with was refused: the own values count. @param {string} id */
    restoreOwn(id) {
      const entry = entries[find(id)];
      if (entry?.given.own)
        Object.assign(entry, { given: { ...entry.given, ratings: entry.given.own, own: null }, pending: false });
    },
    /** @param {string} id @returns {Entry|null} the one that is there no more */
    take(id) {
      const index = find(id);
      return index >= 0 ? entries.splice(index, 1)[0] : null;
    },
  };
}
