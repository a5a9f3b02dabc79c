// @ts-check
/** Assigns keys to the actions of the discussion page. */

import { listenToKeys as listen } from "../common/keys.js";

/**
 * @typedef {object} Actions
 * @property {(digit: number) => void} digit
 * @property {(step: number) => void} level  one down or up, not said yet
 * @property {(key: string) => (() => void)|undefined} reason  the reason of the list that is on offer under this key
 * @property {(step: number) => void} topic
 * @property {(step: number) => void} picture
 * @property {(step: number) => void} scroll  the sample
 * @property {(step: number) => void} read  the case
 * @property {() => void} zoom
 * @property {() => void} write
 * @property {() => void} say
 * @property {() => void} undo
 * @property {() => void} next
 * @property {() => void} previous
 * @property {() => void} levels
 * @property {() => void} pane
 * @property {() => void} help
 */

/** @param {Actions} actions */
export function listenToKeys(actions) {
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowUp: () => actions.topic(-1),
    ArrowDown: () => actions.topic(1),
    ArrowLeft: actions.previous,
    ArrowRight: actions.next,
    PageUp: () => actions.scroll(-1),
    PageDown: () => actions.scroll(1),
    ",": () => actions.read(-1),
    ".": () => actions.read(1),
    Enter: actions.say,
    "[": () => actions.picture(-1),
    "]": () => actions.picture(1),
    "?": actions.help,
    z: actions.zoom,
    t: actions.write,
    u: actions.undo,
    l: actions.levels,
    x: actions.pane,
  };
  /** @type {Record<string, () => void>} */
  const shifted = { ArrowLeft: () => actions.level(-1), ArrowRight: () => actions.level(1), "?": actions.help };
  listen((name, shift) => {
    if (/^\d$/.test(name) && !shift) return () => actions.digit(Number(name));
    if (shift) return shifted[name];
    return keys[name] ?? actions.reason(name);
  });
}
