// @ts-check
/** Names the one or two pieces of work of an assignment: its score, and its revision. */

/** @param {{state: string}} assignment */
export const isRevision = ({ state }) => state === "revising";

/** Drafts, and what is finished here, are known by this. @param {{id: string, state: string}} assignment */
export const nameWork = (assignment) => (isRevision(assignment) ? `${assignment.id}:revision` : assignment.id);

/** The piece of work that a pending write is about. @param {import("./types.js").PendingWrite} pendingWrite */
export const nameWrittenWork = ({ assignment, kind, revision }) =>
  nameWork({ id: assignment, state: kind === "revise" || revision ? "revising" : "" });
