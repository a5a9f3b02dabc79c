// @ts-check
/** Formats the page's translated texts, numbers and times. */

/** @typedef {ReturnType<typeof createText>} Text */

/**
 * @param {Record<string, string>} table  a key that ends in "_one" is the singular of the key without it
 */
export function createText(table) {
  const language = document.documentElement.lang || "en";
  const plural = new Intl.PluralRules(language);
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false });
  const weekday = new Intl.DateTimeFormat(language, { weekday: "short" });
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
  const date = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
  const decimal = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const list = new Intl.ListFormat(language);

  /**
   * @param {string} key
   * @param {Record<string, string|number>} [values]
   * @returns {string}
   */
  function say(key, values = {}) {
    const singular = table[`${key}_one`];
    const pattern = singular && plural.select(Number(values.n)) === "one" ? singular : table[key];
    if (pattern === undefined) throw new Error(`no text for "${key}"`);
    return pattern.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  }

  return {
    say,
    /** @param {number|string|Date} moment */
    time: (moment) => clock.format(new Date(moment)),
    /** As short as it stays clear: the time today, the weekday this week, else the day. @param {string} moment */
    when(moment) {
      const then = new Date(moment);
      const days = (new Date().setHours(0, 0, 0, 0) - new Date(moment).setHours(0, 0, 0, 0)) / 86_400_000;
      const front = days === 0 ? "" : Math.abs(days) < 7 ? `${weekday.format(then)} ` : `${day.format(then)} `;
      return front + clock.format(then);
    },
    /** @param {string} moment */
    date: (moment) => date.format(new Date(moment)),
    /** With one decimal. @param {number} value */
    decimal: (value) => decimal.format(value),
    /** @param {string[]} parts */
    list: (parts) => list.format(parts),
    /** @param {string} key */
    has: (key) => key in table,
  };
}
