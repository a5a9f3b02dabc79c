// @ts-check
/** Carries out what a participant does: give a reason, keep, move, comment, take back. */

import { uuid } from "../common/dom.js";
import { decideAnswer } from "./stance-rules.js";

/** @typedef {import("./types.js").PendingWrite} PendingWrite */
/** @typedef {ReturnType<typeof createActions>} Actions */

/** So long a kept or moved value can be taken back before it leaves. */
export const GRACE = 4_000;
/** Whoever adopts a shown value says by that why. */
const ADOPTED = "convinced";

/**
 * @param {{currentCase: import("./current-case.js").CurrentCase, drafts: import("./drafts.js").Drafts, stanceForm: import("./stance-form.js").StanceForm,
 *   pendingWrites: import("../common/pending-writes.js").PendingWrites<PendingWrite>, outbox: import("../common/outbox.js").Outbox,
 *   clock: import("../common/clock.js").Clock, announcer: ReturnType<typeof import("../common/announcer.js").createAnnouncer>,
 *   text: import("../common/text.js").Text, study: string, next: () => void}} parts
 */
export function createActions({
  currentCase,
  drafts,
  stanceForm,
  pendingWrites,
  outbox,
  clock,
  announcer,
  text,
  study,
  next,
}) {
  const { state } = currentCase;
  const draft = () => drafts.of(state.item?.id ?? "", state.here);

  /** @param {PendingWrite["kind"]} kind @param {{value: number|null, before: number|null, code: string, text: string}} content */
  function send(kind, content) {
    const { item } = state;
    if (!item?.view) return;
    settle(item.id);
    const after = kind === "stance" ? Date.now() + GRACE : 0;
    const label = text.say("letter_label", { sample: item.view.sample.id, key: state.here });
    const seconds = clock.seconds();
    drafts.change(item.id, state.here, { text: "", value: null });
    clock.start(0);
    currentCase.keep();
    outbox.put({
      key: uuid(),
      kind,
      study,
      discussion: item.id,
      dimension: state.here,
      label,
      at: pendingWrites.stamp(),
      tries: 0,
      after,
      seconds,
      ...content,
    });
    const { value, before } = content;
    const done = kind === "stance" ? (value === before ? "done_keep" : "done_move") : `done_${kind}`;
    announcer.announce(text.say(done, { key: state.here, value: value ?? "" }));
    if (kind === "comment") currentCase.draw();
    else currentCase.advance();
  }

  /** What could still be taken back stands as soon as something follows it. @param {string} id */
  function settle(id) {
    for (const pendingWrite of pendingWrites.waiting()) {
      if (pendingWrite.discussion === id && pendingWrite.tries === 0 && pendingWrite.after > Date.now())
        pendingWrites.put({ ...pendingWrite, after: 0 });
    }
  }

  /** @param {string} code  of the list; empty: my words alone */
  function submitAnswer(code) {
    const options = currentCase.findOptions();
    if (!options || options.phase === "nothing" || options.phase === "sent") return;
    const words = draft().text.trim();
    const adopts = options.phase === "stance" && options.moves && options.shown.has(options.chosen ?? NaN);
    code ||= adopts ? ADOPTED : "";
    const decision = decideAnswer(options, words, code);
    if ("missing" in decision) {
      announcer.announce(
        text.say(
          decision.missing === "value" ? "hint_value" : options.phase === "reason" ? "reason_missing" : "move_missing",
        ),
      );
      if (decision.missing === "reason") stanceForm.write();
      return;
    }
    send(decision.kind, { value: options.chosen, before: options.current, code, text: words });
  }

  /** A level was pressed: one where others stand is adopted, my own is kept, any other one is chosen. @param {number} value */
  function choose(value) {
    const last = currentCase.findRevocableWrite();
    if (last?.dimension === state.here) {
      if (last.value === value) return;
      takeBack(last);
    }
    const options = currentCase.findOptions();
    const { item } = state;
    if (!options || !item || options.phase === "nothing" || options.phase === "sent") return;
    const own = value === options.current;
    if (options.phase === "stance" && own && !options.moves) return submitAnswer("");
    mark(value, options.current);
    if (options.phase === "stance" && !own && options.shown.has(value)) submitAnswer("");
  }

  /** Choose a value without saying it. @param {number} value @param {number|null} current */
  function mark(value, current) {
    if (!state.item) return;
    const own = value === current;
    drafts.change(state.item.id, state.here, { value: own ? null : value });
    currentCase.draw();
    announcer.announce(text.say(own ? "chosen_own" : "chosen", { key: state.here, value }));
  }

  /** @param {PendingWrite} pendingWrite */
  function takeBack(pendingWrite) {
    pendingWrites.remove(pendingWrite.key);
    drafts.change(pendingWrite.discussion, pendingWrite.dimension, { text: pendingWrite.text });
  }

  return {
    choose,
    /** One level down or up, chosen and not said. @param {number[]} values  of all levels @param {number} step */
    level(values, step) {
      const options = currentCase.findOptions();
      if (!options || options.phase === "nothing" || options.phase === "sent") return;
      const at = options.chosen === null ? (step > 0 ? -1 : values.length) : values.indexOf(options.chosen);
      mark(values[Math.min(values.length - 1, Math.max(0, at + step))], options.current);
    },
    /** @param {string} code */
    because(code) {
      const last = currentCase.findRevocableWrite();
      if (last?.dimension !== state.here) return submitAnswer(code);
      pendingWrites.put({ ...last, code, after: Date.now() + GRACE });
      announcer.announce(text.say("reason_changed"));
      currentCase.draw();
    },
    /** The main button: what is ready is said; where nothing is, on to the next case. */
    say() {
      const options = currentCase.findOptions();
      const words = draft().text.trim();
      const idle =
        !options ||
        options.phase === "nothing" ||
        options.phase === "sent" ||
        (options.phase === "stance" && !options.moves && !options.turn && !words);
      if (idle) next();
      else submitAnswer("");
    },
    comment() {
      const options = currentCase.findOptions();
      const words = draft().text.trim();
      if (options?.phase !== "stance" || !words) return stanceForm.write();
      send("comment", { value: null, before: options.current, code: "", text: words });
    },
    undo() {
      const last = currentCase.findRevocableWrite();
      if (!last) return announcer.announce(text.say("nothing_to_undo"));
      takeBack(last);
      outbox.state.offline || void outbox.drain();
      announcer.announce(text.say("undone", { key: last.dimension }));
      currentCase.go(last.dimension);
    },
    /** @param {string} words */
    typed(words) {
      if (!state.item) return;
      drafts.change(state.item.id, state.here, { text: words });
      currentCase.draw();
    },
  };
}
