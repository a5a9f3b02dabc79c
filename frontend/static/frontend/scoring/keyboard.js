// @ts-check
/** Assigns keys to the actions of the scoring page. */

import { listenToKeys as listen } from "../common/keys.js";

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
 * @property {() => void} adopt
 * @property {() => void} keepOwn
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
    a: actions.adopt,
    k: actions.keepOwn,
  };
  /** @type {Record<string, () => void>} */
  const shifted = { ArrowLeft: () => actions.level(-1), ArrowRight: () => actions.level(1), "?": actions.help };

  listen((name, shift) => {
    if (/^\d$/.test(name) && !shift) return () => actions.digit(Number(name));
    return (shift ? shifted : keys)[name];
  });
}
