// @ts-check
/** The sample that lies on the desk: its values, notes, seconds, and where the focus is. */

import { blank } from "./drafts.js";

/** @typedef {import("./types.js").Work} Work */
/** @typedef {import("./types.js").Given} Given */
/** @typedef {ReturnType<typeof createDesk>} Desk */

/**
 * @param {{main: HTMLElement, dimensions: import("./types.js").Dimension[], drafts: import("./drafts.js").Drafts,
 *   clock: import("../common/clock.js").Clock, panel: import("./panel.js").Panel, text: import("../common/text.js").Text,
 *   hears: {changed: () => void, kept: () => void, aloud: (words: string) => void}}} given
 */
export function createDesk({ main, dimensions, drafts, clock, panel, text, hears }) {
  /** @type {{work: Work|null, past: Given|null, here: number, picture: number}} */
  const state = { work: null, past: null, here: 0, picture: 0 };
  let draft = blank();
  let dirty = false;
  const singleDigits = dimensions.map(({ levels }) => levels.every(({ value }) => Number.isInteger(value) && value >= 0 && value <= 9));

  const locked = () => state.work?.assignment.sample.locked ?? {};
  const isOpen = (/** @type {number} */ index) => !(dimensions[index].key in locked());
  const isMissing = (/** @type {number} */ index) => isOpen(index) && !(dimensions[index].key in draft.ratings);
  const missing = () => dimensions.map((_, index) => index).filter(isMissing);

  /**
   * @param {Work|null} work
   * @param {Given|null} [past]  what was said, where it is only to be read
   */
  function show(work, past = null) {
    keep();
    const before = state.work;
    Object.assign(state, { work, past, picture: 0 });
    if (before && before !== work) before.stage.classList.remove("on");
    if (!work) return clock.stop();
    draft = past ? { ...blank(), notes: past.notes } : drafts.load(work.assignment.id);
    for (const picture of work.pictures) if (draft.seen.includes(picture.block.number) && !picture.seen) picture.markSeen();
    if (work.stage.parentNode !== main) main.append(work.stage);
    work.stage.classList.add("on");
    state.here = missing()[0] ?? dimensions.findIndex((_, index) => isOpen(index));
    if (past) clock.stop();
    else clock.start(draft.seconds);
    draw();
    if (panel.hasFocus()) panel.focus(state.here);
  }

  function draw() {
    const ratings = state.past?.ratings ?? draft.ratings;
    panel.show({ ratings, notes: draft.notes, locked: locked(), here: state.here, readOnly: Boolean(state.past) });
    hears.changed();
  }

  /** Into the browser's storage; a sample that was only looked at keeps its seconds too. */
  function keep() {
    if (!state.work || state.past) return;
    const seconds = clock.seconds();
    if (!dirty && seconds === draft.seconds) return;
    draft.seconds = seconds;
    draft.at = Date.now();
    drafts.save(state.work.assignment.id, draft);
    if (dirty) hears.kept();
    dirty = false;
  }

  /** @param {number} index @param {number} value */
  function rate(index, value) {
    if (!state.work || state.past || !isOpen(index)) return;
    const dimension = dimensions[index];
    draft.ratings[dimension.key] = value;
    dirty = true;
    const order = [...dimensions.keys()];
    const next = [...order.slice(index + 1), ...order.slice(0, index)].find(isMissing);
    state.here = next ?? index;
    draw();
    panel.focus(state.here);
    keep();
    const label = dimension.levels.find((level) => level.value === value)?.label ?? "";
    hears.aloud(text.say(next === undefined ? "rated_all" : "rated", { key: dimension.key, value, label }));
  }

  /** @param {number} index */
  function focus(index) {
    if (index === state.here) return;
    state.here = index;
    draw();
  }

  /** @param {number} step */
  function move(step) {
    const open = [...dimensions.keys()].filter(isOpen);
    const next = open[(open.indexOf(state.here) + step + open.length) % open.length];
    focus(next);
    panel.focus(next);
  }

  return {
    state, show, keep, rate, move, missing,
    attend: focus,
    focus(/** @type {number} */ index) {
      focus(index);
      if (isOpen(index)) panel.focus(index);
    },
    /** A digit is the value where all levels are digits, else the place among them. @param {number} digit */
    digit(digit) {
      const { levels } = dimensions[state.here];
      const level = singleDigits[state.here] ? levels.find(({ value }) => value === digit) : levels[digit - 1];
      if (level) rate(state.here, level.value);
    },
    /** One level up or down, and stay. @param {number} step */
    level(step) {
      const { key, levels } = dimensions[state.here];
      const place = levels.findIndex(({ value }) => value === draft.ratings[key]);
      const level = levels[place < 0 ? 0 : Math.min(levels.length - 1, Math.max(0, place + step))];
      const { here } = state;
      rate(here, level.value);
      focus(here);
      if (isOpen(here)) panel.focus(here);
    },
    /** @param {string} key @param {string} note */
    note(key, note) {
      if (state.past) return;
      if (note) draft.notes[key] = note;
      else delete draft.notes[key];
      dirty = true;
    },
    /** @param {string} number */
    seen(number) {
      if (state.past || draft.seen.includes(number)) return;
      draft.seen.push(number);
      dirty = true;
    },
    /** What goes into the letter. */
    said() {
      keep();
      const notes = Object.fromEntries(Object.entries(draft.notes).filter(([, note]) => note.trim()));
      const lockedValues = Object.fromEntries(Object.entries(locked()).map(([key, { value }]) => [key, value]));
      return { key: draft.key, ratings: draft.ratings, all: { ...draft.ratings, ...lockedValues }, notes, seconds: draft.seconds };
    },
    /** Another tab wrote this draft. @param {string} name @param {any} value */
    follow(name, value) {
      if (!state.work || state.past || name !== drafts.name(state.work.assignment.id) || !value) return;
      draft = { ...blank(), ...value };
      clock.start(draft.seconds);
      draw();
    },
  };
}
