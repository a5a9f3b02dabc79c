// @ts-check
/** Which key does what. Keys rest while somebody types, while a dialog is open, and in any chord. */

/**
 * @typedef {object} Actions
 * @property {(digit: number) => void} digit
 * @property {(step: number) => void} dimension
 * @property {(step: number) => void} level
 * @property {(step: number) => void} picture
 * @property {(step: number) => void} scroll
 * @property {() => void} zoom
 * @property {() => void} note
 * @property {() => void} skip
 * @property {() => void} previous
 * @property {() => void} forward
 * @property {() => void} undo
 * @property {() => void} submit
 * @property {() => void} help
 */

/** @param {Actions} actions */
export function listenToKeys(actions) {
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowUp: () => actions.dimension(-1),
    ArrowDown: () => actions.dimension(1),
    ArrowLeft: actions.previous,
    ArrowRight: actions.forward,
    PageUp: () => actions.scroll(-1),
    PageDown: () => actions.scroll(1),
    Enter: actions.submit,
    "[": () => actions.picture(-1),
    "]": () => actions.picture(1),
    "?": actions.help,
    z: actions.zoom,
    c: actions.note,
    s: actions.skip,
    u: actions.undo,
  };
  /** @type {Record<string, () => void>} */
  const shifted = { ArrowLeft: () => actions.level(-1), ArrowRight: () => actions.level(1), "?": actions.help };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector("dialog[open], :popover-open")) return;
    const name = nameOf(event);
    if (name === "Enter" && isControl(event.target)) return;
    const digit = /^\d$/.test(name) && !event.shiftKey ? Number(name) : null;
    const action = digit !== null ? () => actions.digit(digit) : (event.shiftKey ? shifted : keys)[name];
    if (!action) return;
    event.preventDefault();
    // A key that is held down walks, and does nothing else twice.
    if (event.repeat && !/^(Arrow(Up|Down)|Page)/.test(name)) return;
    action();
  });
}

/**
 * The key's sign; where a layout hides digits or brackets behind another key, the place on the keyboard counts.
 * @param {KeyboardEvent} event
 */
export function nameOf(event) {
  const { key, code } = event;
  if (/^[\d?[\]]$/.test(key)) return key;
  if (!event.shiftKey && /^Digit\d$/.test(code)) return code.slice(5);
  if (!event.shiftKey && code === "BracketLeft") return "[";
  if (!event.shiftKey && code === "BracketRight") return "]";
  return key.length === 1 ? key.toLowerCase() : key;
}

/** @param {EventTarget|null} target */
function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

/** Enter presses what has the focus, but on a score key it submits. @param {EventTarget|null} target */
function isControl(target) {
  return target instanceof HTMLElement && target.matches("a[href], button:not([role=radio]), summary");
}
