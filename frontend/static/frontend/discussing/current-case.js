// @ts-check
/** The case on the table: which one, at which of its dimensions, and how it looks with my letters on their way. */

import { momentOf } from "./stance-rules.js";
import { needsMe, withLetters } from "./case-rules.js";
import { blocksOf } from "./block-mentions.js";

/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").Case} Case */
/** @typedef {import("./types.js").Letter} Letter */
/** @typedef {ReturnType<typeof createTable>} Table */

/**
 * @param {{dimensions: import("./types.js").Dimension[], letters: import("../common/pending-writes.js").Letters<Letter>,
 *   outbox: () => import("../common/outbox.js").Outbox, drafts: import("./drafts.js").Drafts,
 *   clock: import("../common/clock.js").Clock, panel: import("./panel.js").Panel, dock: import("./stance-form.js").Dock,
 *   stage: import("./sample-pane.js").Stage, text: import("../common/text.js").Text,
 *   hears: {drawn: () => void, paused: () => boolean}}} given
 */
export function createTable({ dimensions, letters, outbox, drafts, clock, panel, dock, stage, text, hears }) {
  /** @type {{item: Item|null, here: string, picture: number}} */
  const state = { item: null, here: "", picture: 0 };
  /** @type {number|undefined} */
  let timer;

  /** A case with my letters in it. @param {Item} item @returns {Case|null} */
  function viewOf({ id, view }) {
    return (
      view &&
      withLetters(
        view,
        letters.waiting().filter(({ discussion }) => discussion === id),
      )
    );
  }

  /** @returns {{view: Case, topic: import("./types.js").Topic|undefined}|null} */
  function look() {
    const view = state.item && viewOf(state.item);
    return view && { view, topic: view.topics.find(({ key }) => key === state.here) };
  }

  /** My last letter on this case, while it can still be taken back. @returns {Letter|null} */
  function graced() {
    const own = letters.waiting().filter(({ discussion }) => discussion === state.item?.id);
    const last = own[own.length - 1];
    const held =
      last && last.kind === "stance" && last.tries === 0 && last.after > Date.now() && !outbox().isOnTheWay(last.key);
    return held ? last : null;
  }

  /** @returns {import("./stance-rules.js").Moment|null} */
  function moment() {
    const seen = look();
    if (!seen || !state.item) return null;
    const found = momentOf(seen.view, seen.topic, drafts.of(state.item.id, state.here), hears.paused());
    const last = graced();
    // While it waits to be sent, its reason can be changed.
    if (last?.dimension === state.here) found.fits = last.value === last.before ? "keep" : "move";
    return found;
  }

  function draw() {
    clearTimeout(timer);
    const seen = look();
    if (!seen || !state.item) {
      dock.hide();
      return hears.drawn();
    }
    const open = seen.view.topics.filter((topic) => topic.state === "open");
    if (!open.some(({ key }) => key === state.here)) state.here = firstOf(seen.view);
    panel.show(seen.view, state.here);
    const dimension = dimensions.find(({ key }) => key === state.here);
    const now = moment();
    const last = graced();
    if (last) timer = setTimeout(draw, last.after - Date.now() + 20);
    if (dimension && now) {
      const undo = last
        ? text.say(last.value === last.before ? "undo_keep" : "undo_move", {
            key: last.dimension,
            value: last.value ?? "",
          })
        : "";
      const words = drafts.of(state.item.id, state.here).text;
      dock.show({ dimension, moment: now, words, undo, blocks: blocksOf(seen.view.sample) });
    } else dock.hide();
    hears.drawn();
  }

  /** @param {Case} view */
  function firstOf(view) {
    const open = view.topics.filter((topic) => topic.state === "open");
    return (open.find((topic) => needsMe(view, topic)) ?? open[0])?.key ?? "";
  }

  function keep() {
    if (state.item) drafts.setSeconds(state.item.id, clock.seconds());
  }

  return {
    state,
    look,
    viewOf,
    moment,
    graced,
    draw,
    keep,
    /** @param {Item|null} item */
    show(item) {
      keep();
      const view = item && viewOf(item);
      Object.assign(state, { item: view ? item : null, here: view ? firstOf(view) : "", picture: 0 });
      stage.show(view ? (item?.built ?? null) : null);
      if (item && view) clock.start(drafts.seconds(item.id));
      else clock.stop();
      if (!view) panel.clear();
      draw();
    },
    /** @param {string} key */
    go(key) {
      state.here = key;
      draw();
      panel.reveal(key);
    },
    /** To the next open dimension, or the one before. @param {number} step */
    move(step) {
      const seen = look();
      const open = seen?.view.topics.filter((topic) => topic.state === "open") ?? [];
      if (open.length < 2) return;
      const at = open.findIndex(({ key }) => key === state.here);
      this.go(open[(at + step + open.length) % open.length].key);
    },
    /** To the next dimension that waits for me, if there is one. */
    advance() {
      const seen = look();
      if (!seen) return;
      const { view } = seen;
      const at = view.topics.findIndex(({ key }) => key === state.here);
      const order = [...view.topics.slice(at + 1), ...view.topics.slice(0, at)];
      const next = order.find((topic) => needsMe(view, topic));
      if (next) this.go(next.key);
      else draw();
    },
  };
}
