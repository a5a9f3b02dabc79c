// @ts-check
/** An assignment is one piece of work or two: scoring it and, where a judge is shown afterwards, answering that. */

/** @param {{state: string}} assignment */
export const isRevision = ({ state }) => state === "revising";

/** Drafts, and what is finished here, are known by this. @param {{id: string, state: string}} assignment */
export const nameOf = (assignment) => (isRevision(assignment) ? `${assignment.id}:revision` : assignment.id);

/** The piece of work that a letter is about. @param {import("./types.js").Letter} letter */
export const pieceOf = ({ assignment, kind, revision }) =>
  nameOf({ id: assignment, state: kind === "revise" || revision ? "revising" : "" });
