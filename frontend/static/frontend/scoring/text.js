// @ts-check
/** The page's words, as the server has translated them, with figures and times put in. */

/** @typedef {ReturnType<typeof createText>} Text */

/**
 * @param {Record<string, string>} table  a key that ends in "_one" is the singular of the key without it
 */
export function createText(table) {
  const language = document.documentElement.lang || "en";
  const plural = new Intl.PluralRules(language);
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false });

  /**
   * @param {string} key
   * @param {Record<string, string|number>} [values]
   * @returns {string}
   */
  function say(key, values = {}) {
    const one = table[`${key}_one`];
    const pattern = one && plural.select(Number(values.n)) === "one" ? one : table[key];
    if (pattern === undefined) throw new Error(`no text for "${key}"`);
    return pattern.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  }

  return {
    say,
    /** @param {number|string|Date} moment */
    time: (moment) => clock.format(new Date(moment)),
    /** @param {string} key */
    has: (key) => key in table,
  };
}
