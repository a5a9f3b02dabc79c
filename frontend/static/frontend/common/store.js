// @ts-check
/**
 * What is kept in this browser, for one person.
 *
 * localStorage and not IndexedDB: a write is over when the call returns, so a pending write is safe before the next sample is
 * shown, and there is no transaction to wait for while the page goes away. What is kept is small: a few kilobytes each.
 */

/** @typedef {ReturnType<typeof createStore>} Store */

/**
 * @param {string} area  which page keeps it
 * @param {string} person
 */
export function createStore(area, person) {
  const prefix = `${area}:${person}:`;
  /** What could not be written (storage full or switched off) lives as long as the page. @type {Map<string, string>} */
  const memory = new Map();

  /** @param {string} name */
  function get(name) {
    return parse(memory.get(name) ?? read(prefix + name));
  }

  /**
   * @param {string} name
   * @param {unknown} value
   */
  function set(name, value) {
    const text = JSON.stringify(value);
    try {
      localStorage.setItem(prefix + name, text);
      memory.delete(name);
    } catch {
      memory.set(name, text);
    }
  }

  /** @param {string} name */
  function remove(name) {
    memory.delete(name);
    try {
      localStorage.removeItem(prefix + name);
    } catch {
      // Switched off: there was nothing to remove.
    }
  }

  /**
   * @param {string} start
   * @returns {string[]}
   */
  function names(start) {
    const matches = new Set([...memory.keys()].filter((name) => name.startsWith(start)));
    try {
      for (let index = 0; index < localStorage.length; index += 1) {
        const name = localStorage.key(index) ?? "";
        if (name.startsWith(prefix + start)) matches.add(name.slice(prefix.length));
      }
    } catch {
      // Switched off: what is in memory is all there is.
    }
    return [...matches];
  }

  /**
   * Hear of changes that another tab makes.
   * @param {(name: string, value: any) => void} onChange  the value is null where the other tab removed it
   */
  function watch(onChange) {
    addEventListener("storage", (event) => {
      if (event.key?.startsWith(prefix)) onChange(event.key.slice(prefix.length), parse(event.newValue));
    });
  }

  return { get, set, remove, names, watch, kept: () => memory.size === 0 };
}

/** @param {string} name */
function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** @param {string|null} text */
function parse(text) {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
