// @ts-check
/** Names the drafts in the browser's storage, and removes old ones. */

const PREFIX = "draft:";
const KEEP = 30 * 24 * 3600 * 1000;

/** @param {string} id  of the piece of work */
export const draftName = (id) => `${PREFIX}${id}`;

/** Remove drafts that nobody came back to. @param {import("./store.js").Store} store */
export function removeOldDrafts(store) {
  for (const name of store.names(PREFIX)) if (!(Date.now() - store.get(name)?.at < KEEP)) store.remove(name);
}
