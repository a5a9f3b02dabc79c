// @ts-check
/** Listens to keys; they rest while somebody types, in dialogs and in chords. */

/**
 * @param {(name: string, shift: boolean) => (() => void)|undefined} meaning  of a key, by its sign
 */
export function listenToKeys(meaning) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector("dialog[open], :popover-open")) return;
    const name = findKeyName(event);
    if (name === "Enter" && isControl(event.target)) return;
    const action = meaning(name, event.shiftKey);
    if (!action) return;
    event.preventDefault();
    // A key that is held down walks, and does nothing else twice.
    if (event.repeat && !/^(Arrow(Up|Down)|Page|[,.])/.test(name)) return;
    action();
  });
}

/**
 * The key's sign; where a layout hides digits or brackets behind another key, the place on the keyboard counts.
 * @param {KeyboardEvent} event
 */
function findKeyName(event) {
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

/** Enter presses what has the focus, but on a score key it means the page's main button. @param {EventTarget|null} target */
function isControl(target) {
  return target instanceof HTMLElement && target.matches("a[href], button:not([role=radio]), summary");
}
