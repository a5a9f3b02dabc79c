// @ts-check
/**
 * The pending writes that still have to reach the server, or that it refused.
 *
 * Each lies under a name of its own: two tabs that write at once cannot overwrite each other's list.
 */

/** Older versions of the page have kept writes under it: it stays. */
const PREFIX = "letter:";

/** Does a name in the storage belong to a pending write? @param {string} name */
export const isPendingWrite = (name) => name.startsWith(PREFIX);

/**
 * @template {import("./types.js").PendingWrite} L
 * @typedef {ReturnType<typeof createPendingWrites<L>>} PendingWrites
 */

/**
 * @template {import("./types.js").PendingWrite} L
 * @param {import("./store.js").Store} store
 * @param {(pendingWrite: L) => string} about  what a pending write is about; pending writes about one thing keep their order
 */
export function createPendingWrites(store, about) {
  /** @returns {L[]} oldest first */
  function all() {
    const writes = store.names(PREFIX).map((name) => /** @type {L|null} */ (store.get(name)));
    return writes
      .filter((pendingWrite) => pendingWrite !== null)
      .sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
  }

  let last = 0;
  return {
    all,
    about,
    /** @param {L} pendingWrite */
    put: (pendingWrite) => store.set(`${PREFIX}${pendingWrite.key}`, pendingWrite),
    /** @param {string} key */
    remove: (key) => store.remove(`${PREFIX}${key}`),
    /** @param {string} key @returns {L|null} */
    get: (key) => store.get(`${PREFIX}${key}`),
    waiting: () => all().filter((pendingWrite) => !pendingWrite.refusal),
    refused: () => all().filter((pendingWrite) => pendingWrite.refusal),
    /** Two pending writes of one moment still have an order. */
    stamp() {
      last = Math.max(last + 1, Date.now());
      return last;
    },
  };
}
