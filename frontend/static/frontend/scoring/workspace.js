// @ts-check
/** The sample that lies on the desk: its values, notes, seconds, and where the focus is. */

import { blank } from "./drafts.js";
import { createSheet } from "./rating-state.js";

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
  let sheet = createSheet(dimensions, undefined, draft);
  let dirty = false;

  /** @param {import("./types.js").Draft} said */
  function begin(said) {
    draft = said;
    sheet = createSheet(dimensions, state.work?.assignment, draft);
    if (!state.past) clock.start(draft.seconds);
  }

  /**
   * @param {Work|null} work
   * @param {Given|null} [past]  what was said, where it is only to be read
   */
  function show(work, past = null) {
    keep();
    const before = state.work;
    Object.assign(state, { work, past, picture: 0 });
    if (before && before !== work) before.stage.classList.remove("is-shown");
    if (!work) return clock.stop();
    begin(past ? { ...blank(), notes: past.notes } : drafts.load(work.name));
    for (const picture of work.pictures)
      if (draft.seen.includes(picture.block.number) && !picture.seen) picture.markSeen();
    if (work.stage.parentNode !== main) main.append(work.stage);
    work.stage.classList.add("is-shown");
    state.here = sheet.missing()[0] ?? dimensions.findIndex((_, index) => sheet.isOpen(index));
    if (past) clock.stop();
    draw();
    if (panel.hasFocus()) panel.focus(state.here);
  }

  function draw() {
    const { past, here } = state;
    const { locked, judge, revising } = sheet;
    panel.show({
      ratings: past?.ratings ?? sheet.ratings(),
      own: past ? (past.own ?? null) : sheet.own,
      judge,
      locked,
      here,
      // Own values that a judge's followed are undone with the answer; where none came, nothing is.
      lapsed: past?.undo_until === null,
      notes: past?.notes ?? sheet.notes(),
      readOnly: Boolean(past),
      takesNotes: !past && !revising,
    });
    hears.changed();
  }

  /** Into the browser's storage; a sample that was only looked at keeps its seconds too. */
  function keep() {
    if (!state.work || state.past) return;
    const seconds = clock.seconds();
    if (!dirty && seconds === draft.seconds) return;
    draft.seconds = seconds;
    draft.at = Date.now();
    drafts.save(state.work.name, draft);
    if (dirty) hears.kept();
    dirty = false;
  }

  /** @param {number} index @param {number} value */
  function rate(index, value) {
    if (!state.work || state.past || !sheet.isOpen(index)) return;
    const dimension = dimensions[index];
    draft.ratings[dimension.key] = value;
    dirty = true;
    const order = [...dimensions.keys()];
    const next = [...order.slice(index + 1), ...order.slice(0, index)].find(sheet.isMissing);
    state.here = next ?? index;
    draw();
    panel.focus(state.here);
    keep();
    const label = dimension.levels.find((level) => level.value === value)?.label ?? "";
    const all = sheet.revising ? "answered_all" : "rated_all";
    hears.aloud(text.say(next === undefined ? all : "rated", { key: dimension.key, value, label }));
  }

  /** @param {number} index */
  function focus(index) {
    if (index === state.here) return;
    state.here = index;
    draw();
  }

  /** @param {number} step */
  function move(step) {
    const open = [...dimensions.keys()].filter(sheet.isOpen);
    const next = open[(open.indexOf(state.here) + step + open.length) % open.length];
    focus(next);
    panel.focus(next);
  }

  return {
    state,
    show,
    keep,
    rate,
    move,
    sheet: () => sheet,
    missing: () => sheet.missing(),
    attend: focus,
    focus(/** @type {number} */ index) {
      focus(index);
      if (sheet.isOpen(index)) panel.focus(index);
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
      const ratings = sheet.ratings();
      return { key: draft.key, ratings, all: { ...ratings, ...sheet.byRule() }, notes, seconds: draft.seconds };
    },
    /** Another tab wrote this draft. @param {string} name @param {any} value */
    follow(name, value) {
      if (!state.work || state.past || name !== drafts.name(state.work.name) || !value) return;
      begin({ ...blank(), ...value });
      draw();
    },
  };
}
