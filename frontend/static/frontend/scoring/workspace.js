// @ts-check
/** Holds the sample that is shown: its values, notes, seconds and current dimension. */

import { createDraft } from "./drafts.js";
import { createRatingState } from "./rating-state.js";

/** @typedef {import("./types.js").Work} Work */
/** @typedef {import("./types.js").Given} Given */
/** @typedef {ReturnType<typeof createWorkspace>} Workspace */

/**
 * @param {{main: HTMLElement, dimensions: import("./types.js").Dimension[], drafts: import("./drafts.js").Drafts,
 *   clock: import("../common/clock.js").Clock, panel: import("./panel.js").Panel, text: import("../common/text.js").Text,
 *   callbacks: {changed: () => void, kept: () => void, announce: (words: string) => void}}} options
 */
export function createWorkspace({ main, dimensions, drafts, clock, panel, text, callbacks }) {
  /** @type {{work: Work|null, past: Given|null, here: number, picture: number}} */
  const state = { work: null, past: null, here: 0, picture: 0 };
  let draft = createDraft();
  let ratingState = createRatingState(dimensions, undefined, draft);
  let dirty = false;

  /** @param {import("./types.js").Draft} loaded */
  function begin(loaded) {
    draft = loaded;
    ratingState = createRatingState(dimensions, state.work?.assignment, draft);
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
    begin(past ? { ...createDraft(), notes: past.notes } : drafts.load(work.name));
    for (const picture of work.pictures)
      if (draft.seen.includes(picture.block.number) && !picture.seen) picture.markSeen();
    if (work.stage.parentNode !== main) main.append(work.stage);
    work.stage.classList.add("is-shown");
    state.here = ratingState.missing()[0] ?? dimensions.findIndex((_, index) => ratingState.isOpen(index));
    if (past) clock.stop();
    draw();
    if (panel.hasFocus()) panel.focus(state.here);
  }

  function draw() {
    const { past, here } = state;
    const { locked, judge, revising } = ratingState;
    panel.show({
      ratings: past?.ratings ?? ratingState.ratings(),
      own: past ? (past.own ?? null) : ratingState.own,
      judge,
      locked,
      here,
      // Own values that a judge's followed are undone with the answer; where none came, nothing is.
      lapsed: past?.undo_until === null,
      notes: past?.notes ?? ratingState.notes(),
      readOnly: Boolean(past),
      takesNotes: !past && !revising,
    });
    callbacks.changed();
  }

  /** Into the browser's storage; a sample that was only looked at keeps its seconds too. */
  function keep() {
    if (!state.work || state.past) return;
    const seconds = clock.seconds();
    if (!dirty && seconds === draft.seconds) return;
    draft.seconds = seconds;
    draft.at = Date.now();
    drafts.save(state.work.name, draft);
    if (dirty) callbacks.kept();
    dirty = false;
  }

  /** @param {number} index @param {number} value */
  function rate(index, value) {
    if (!state.work || state.past || !ratingState.isOpen(index)) return;
    const dimension = dimensions[index];
    draft.ratings[dimension.key] = value;
    dirty = true;
    const order = [...dimensions.keys()];
    const next = [...order.slice(index + 1), ...order.slice(0, index)].find(ratingState.isMissing);
    state.here = next ?? index;
    draw();
    panel.focus(state.here);
    keep();
    const label = dimension.levels.find((level) => level.value === value)?.label ?? "";
    const all = ratingState.revising ? "answered_all" : "rated_all";
    callbacks.announce(text.say(next === undefined ? all : "rated", { key: dimension.key, value, label }));
  }

  /** @param {number} index */
  function focus(index) {
    if (index === state.here) return;
    state.here = index;
    draw();
  }

  /** @param {number} step */
  function move(step) {
    const open = [...dimensions.keys()].filter(ratingState.isOpen);
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
    ratingState: () => ratingState,
    missing: () => ratingState.missing(),
    select: focus,
    focus(/** @type {number} */ index) {
      focus(index);
      if (ratingState.isOpen(index)) panel.focus(index);
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
    /** What goes into the pending write. */
    collectAnswer() {
      keep();
      const notes = Object.fromEntries(Object.entries(draft.notes).filter(([, note]) => note.trim()));
      const ratings = ratingState.ratings();
      return { key: draft.key, ratings, all: { ...ratings, ...ratingState.byRule() }, notes, seconds: draft.seconds };
    },
    /** Another tab wrote this draft. @param {string} name @param {any} value */
    follow(name, value) {
      if (!state.work || state.past || name !== drafts.name(state.work.name) || !value) return;
      begin({ ...createDraft(), ...value });
      draw();
    },
  };
}
