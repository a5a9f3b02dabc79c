// @ts-check
/** Holds the case that is shown, its current dimension, and the pending writes in it. */

import { findStanceOptions } from "./stance-rules.js";
import { needsMe, applyPendingWrites } from "./case-rules.js";
import { listBlocks } from "./block-mentions.js";

/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").Case} Case */
/** @typedef {import("./types.js").PendingWrite} PendingWrite */
/** @typedef {ReturnType<typeof createCurrentCase>} CurrentCase */

/**
 * @param {{dimensions: import("./types.js").Dimension[], pendingWrites: import("../common/pending-writes.js").PendingWrites<PendingWrite>,
 *   outbox: () => import("../common/outbox.js").Outbox, drafts: import("./drafts.js").Drafts,
 *   clock: import("../common/clock.js").Clock, panel: import("./panel.js").Panel, stanceForm: import("./stance-form.js").StanceForm,
 *   samplePane: import("./sample-pane.js").SamplePane, text: import("../common/text.js").Text,
 *   callbacks: {drawn: () => void, paused: () => boolean}}} options
 */
export function createCurrentCase({
  dimensions,
  pendingWrites,
  outbox,
  drafts,
  clock,
  panel,
  stanceForm,
  samplePane,
  text,
  callbacks,
}) {
  /** @type {{item: Item|null, here: string, picture: number}} */
  const state = { item: null, here: "", picture: 0 };
  /** @type {number|undefined} */
  let timer;

  /** A case with my pending writes in it. @param {Item} item @returns {Case|null} */
  function viewOf({ id, view }) {
    return (
      view &&
      applyPendingWrites(
        view,
        pendingWrites.waiting().filter(({ discussion }) => discussion === id),
      )
    );
  }

  /** @returns {{view: Case, topic: import("./types.js").Topic|undefined}|null} */
  function look() {
    const view = state.item && viewOf(state.item);
    return view && { view, topic: view.topics.find(({ key }) => key === state.here) };
  }

  /** My last pending write on this case, while it can still be taken back. @returns {PendingWrite|null} */
  function findRevocableWrite() {
    const own = pendingWrites.waiting().filter(({ discussion }) => discussion === state.item?.id);
    const last = own[own.length - 1];
    const held =
      last && last.kind === "stance" && last.tries === 0 && last.after > Date.now() && !outbox().isOnTheWay(last.key);
    return held ? last : null;
  }

  /** @returns {import("./stance-rules.js").StanceOptions|null} */
  function findOptions() {
    const seen = look();
    if (!seen || !state.item) return null;
    const options = findStanceOptions(seen.view, seen.topic, drafts.of(state.item.id, state.here), callbacks.paused());
    const last = findRevocableWrite();
    // While it waits to be sent, its reason can be changed.
    if (last?.dimension === state.here) options.fits = last.value === last.before ? "keep" : "move";
    return options;
  }

  function draw() {
    clearTimeout(timer);
    const seen = look();
    if (!seen || !state.item) {
      stanceForm.hide();
      return callbacks.drawn();
    }
    const open = seen.view.topics.filter((topic) => topic.state === "open");
    if (!open.some(({ key }) => key === state.here)) state.here = findFirstTopic(seen.view);
    panel.show(seen.view, state.here);
    const dimension = dimensions.find(({ key }) => key === state.here);
    const now = findOptions();
    const last = findRevocableWrite();
    if (last) timer = setTimeout(draw, last.after - Date.now() + 20);
    if (dimension && now) {
      const undo = last
        ? text.say(last.value === last.before ? "undo_keep" : "undo_move", {
            key: last.dimension,
            value: last.value ?? "",
          })
        : "";
      const words = drafts.of(state.item.id, state.here).text;
      stanceForm.show({ dimension, stanceOptions: now, words, undo, blocks: listBlocks(seen.view.sample) });
    } else stanceForm.hide();
    callbacks.drawn();
  }

  /** @param {Case} view */
  function findFirstTopic(view) {
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
    findOptions,
    findRevocableWrite,
    draw,
    keep,
    /** @param {Item|null} item */
    show(item) {
      keep();
      const view = item && viewOf(item);
      Object.assign(state, { item: view ? item : null, here: view ? findFirstTopic(view) : "", picture: 0 });
      samplePane.show(view ? (item?.built ?? null) : null);
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
