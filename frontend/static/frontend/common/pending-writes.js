// @ts-check
/**
 * The letters that still have to reach the server, or that it refused.
 *
 * Each lies under a name of its own: two tabs that write at once cannot overwrite each other's list.
 */

/**
 * @template {import("./types.js").Letter} L
 * @typedef {ReturnType<typeof createLetters<L>>} Letters
 */

/**
 * @template {import("./types.js").Letter} L
 * @param {import("./store.js").Store} store
 * @param {(letter: L) => string} about  what a letter is about; letters about one thing keep their order
 */
export function createLetters(store, about) {
  /** @returns {L[]} oldest first */
  function all() {
    const found = store.names("letter:").map((name) => /** @type {L|null} */ (store.get(name)));
    return found.filter((letter) => letter !== null).sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
  }

  let last = 0;
  return {
    all,
    about,
    /** @param {L} letter */
    put: (letter) => store.set(`letter:${letter.key}`, letter),
    /** @param {string} key */
    remove: (key) => store.remove(`letter:${key}`),
    /** @param {string} key @returns {L|null} */
    get: (key) => store.get(`letter:${key}`),
    waiting: () => all().filter((letter) => !letter.refusal),
    refused: () => all().filter((letter) => letter.refusal),
    /** Two letters of one moment still have an order. */
    stamp() {
      last = Math.max(last + 1, Date.now());
      return last;
    },
  };
}
