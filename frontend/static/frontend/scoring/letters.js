// @ts-check
/**
 * The letters that still have to reach the server, or that it refused.
 *
 * Each lies under a name of its own: two tabs that write at once cannot overwrite each other's list.
 */

/** @typedef {import("./types.js").Letter} Letter */
/** @typedef {ReturnType<typeof createLetters>} Letters */

/** @param {import("./store.js").Store} store */
export function createLetters(store) {
  /** @returns {Letter[]} oldest first */
  function all() {
    const found = store.names("letter:").map((name) => /** @type {Letter|null} */ (store.get(name)));
    return found.filter((letter) => letter !== null).sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
  }

  let last = 0;
  return {
    all,
    /** @param {Letter} letter */
    put: (letter) => store.set(`letter:${letter.key}`, letter),
    /** @param {string} key */
    remove: (key) => store.remove(`letter:${key}`),
    /** @param {string} key @returns {Letter|null} */
    get: (key) => store.get(`letter:${key}`),
    waiting: () => all().filter((letter) => !letter.refusal),
    refused: () => all().filter((letter) => letter.refusal),
    /**
     * Is this assignment dealt with, as far as the person is concerned?
     * @param {string} assignment
     */
    finishes(assignment) {
      const own = all().filter((letter) => letter.assignment === assignment && !letter.refusal);
      return own.length > 0 && own[own.length - 1].kind !== "undo";
    },
    /** Two letters of one moment still have an order. */
    stamp() {
      last = Math.max(last + 1, Date.now());
      return last;
    },
  };
}
