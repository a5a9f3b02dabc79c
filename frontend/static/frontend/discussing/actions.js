// @ts-check
/** What a person does: give a reason, keep, move, comment, take it back. Each becomes a letter, shown at once. */

import { uuid } from "../common/dom.js";
import { answerOf } from "./stance-rules.js";

/** @typedef {import("./types.js").Letter} Letter */
/** @typedef {ReturnType<typeof createFlow>} Flow */

/** So long a kept or moved value can be taken back before it leaves. */
export const GRACE = 4_000;
/** Whoever adopts a shown value says by that why. */
const ADOPTED = "convinced";

/**
 * @param {{table: import("./current-case.js").Table, drafts: import("./drafts.js").Drafts, dock: import("./stance-form.js").Dock,
 *   letters: import("../common/pending-writes.js").Letters<Letter>, outbox: import("../common/outbox.js").Outbox,
 *   clock: import("../common/clock.js").Clock, tell: ReturnType<typeof import("../common/announcer.js").createTell>,
 *   text: import("../common/text.js").Text, study: string, next: () => void}} parts
 */
export function createFlow({ table, drafts, dock, letters, outbox, clock, tell, text, study, next }) {
  const { state } = table;
  const draft = () => drafts.of(state.item?.id ?? "", state.here);

  /** @param {Letter["kind"]} kind @param {{value: number|null, before: number|null, code: string, text: string}} said */
  function send(kind, said) {
    const { item } = state;
    if (!item?.view) return;
    settle(item.id);
    const after = kind === "stance" ? Date.now() + GRACE : 0;
    const label = text.say("letter_label", { sample: item.view.sample.id, key: state.here });
    const seconds = clock.seconds();
    drafts.change(item.id, state.here, { text: "", value: null });
    clock.start(0);
    table.keep();
    outbox.put({
      key: uuid(),
      kind,
      study,
      discussion: item.id,
      dimension: state.here,
      label,
      at: letters.stamp(),
      tries: 0,
      after,
      seconds,
      ...said,
    });
    const { value, before } = said;
    const done = kind === "stance" ? (value === before ? "done_keep" : "done_move") : `done_${kind}`;
    tell.aloud(text.say(done, { key: state.here, value: value ?? "" }));
    if (kind === "comment") table.draw();
    else table.advance();
  }

  /** What could still be taken back stands as soon as something follows it. @param {string} id */
  function settle(id) {
    for (const letter of letters.waiting()) {
      if (letter.discussion === id && letter.tries === 0 && letter.after > Date.now())
        letters.put({ ...letter, after: 0 });
    }
  }

  /** @param {string} code  of the list; empty: my words alone */
  function answer(code) {
    const moment = table.moment();
    if (!moment || moment.phase === "nothing" || moment.phase === "sent") return;
    const words = draft().text.trim();
    const adopts = moment.phase === "stance" && moment.moves && moment.shown.has(moment.chosen ?? NaN);
    code ||= adopts ? ADOPTED : "";
    const found = answerOf(moment, words, code);
    if ("missing" in found) {
      tell.aloud(
        text.say(
          found.missing === "value" ? "hint_value" : moment.phase === "reason" ? "reason_missing" : "move_missing",
        ),
      );
      if (found.missing === "reason") dock.write();
      return;
    }
    send(found.kind, { value: moment.chosen, before: moment.current, code, text: words });
  }

  /** A level was pressed: one where others stand is adopted, my own is kept, any other one is chosen. @param {number} value */
  function choose(value) {
    const last = table.graced();
    if (last?.dimension === state.here) {
      if (last.value === value) return;
      takeBack(last);
    }
    const moment = table.moment();
    const { item } = state;
    if (!moment || !item || moment.phase === "nothing" || moment.phase === "sent") return;
    const own = value === moment.current;
    if (moment.phase === "stance" && own && !moment.moves) return answer("");
    mark(value, moment.current);
    if (moment.phase === "stance" && !own && moment.shown.has(value)) answer("");
  }

  /** Choose a value without saying it. @param {number} value @param {number|null} current */
  function mark(value, current) {
    if (!state.item) return;
    const own = value === current;
    drafts.change(state.item.id, state.here, { value: own ? null : value });
    table.draw();
    tell.aloud(text.say(own ? "chosen_own" : "chosen", { key: state.here, value }));
  }

  /** @param {Letter} letter */
  function takeBack(letter) {
    letters.remove(letter.key);
    drafts.change(letter.discussion, letter.dimension, { text: letter.text });
  }

  return {
    choose,
    /** One level down or up, chosen and not said. @param {number[]} values  of all levels @param {number} step */
    level(values, step) {
      const moment = table.moment();
      if (!moment || moment.phase === "nothing" || moment.phase === "sent") return;
      const at = moment.chosen === null ? (step > 0 ? -1 : values.length) : values.indexOf(moment.chosen);
      mark(values[Math.min(values.length - 1, Math.max(0, at + step))], moment.current);
    },
    /** @param {string} code */
    because(code) {
      const last = table.graced();
      if (last?.dimension !== state.here) return answer(code);
      letters.put({ ...last, code, after: Date.now() + GRACE });
      tell.aloud(text.say("reason_changed"));
      table.draw();
    },
    /** The main button: what is ready is said; where nothing is, on to the next case. */
    say() {
      const moment = table.moment();
      const words = draft().text.trim();
      const idle =
        !moment ||
        moment.phase === "nothing" ||
        moment.phase === "sent" ||
        (moment.phase === "stance" && !moment.moves && !moment.turn && !words);
      if (idle) next();
      else answer("");
    },
    comment() {
      const moment = table.moment();
      const words = draft().text.trim();
      if (moment?.phase !== "stance" || !words) return dock.write();
      send("comment", { value: null, before: moment.current, code: "", text: words });
    },
    undo() {
      const last = table.graced();
      if (!last) return tell.aloud(text.say("nothing_to_undo"));
      takeBack(last);
      outbox.state.offline || void outbox.drain();
      tell.aloud(text.say("undone", { key: last.dimension }));
      table.go(last.dimension);
    },
    /** @param {string} words */
    typed(words) {
      if (!state.item) return;
      drafts.change(state.item.id, state.here, { text: words });
      table.draw();
    },
  };
}
