// @ts-check
/** From one sample to the next: submit, skip, and what to show when nothing is there. */

import { isRevision } from "./work-names.js";

/** @typedef {import("./types.js").Letter} Letter */
/** @typedef {import("./types.js").Work} Work */
/** @typedef {ReturnType<typeof createFlow>} Flow */
/**
 * @typedef {{desk: import("./workspace.js").Desk, queue: import("./queue.js").Queue, outbox: import("../common/outbox.js").Outbox,
 *   letters: import("../common/pending-writes.js").Letters<import("./types.js").Letter>, past: import("./previous-scores.js").Past, bar: import("./bottom-bar.js").Bar,
 *   tell: ReturnType<typeof import("../common/announcer.js").createTell>, text: import("../common/text.js").Text,
 *   empty: ReturnType<typeof import("./empty-state.js").createEmpty>, whose: ReturnType<typeof import("./judge-notice.js").createWhose>,
 *   study: string}} Parts
 */

/** @param {Parts} parts */
export function createFlow({ desk, queue, outbox, letters, past, bar, tell, text, empty, whose, study }) {
  /** The person goes on: what was remarked on the step before is over. */
  function proceed() {
    for (const subject of ["past", "remark"]) tell.settle(subject);
    show();
  }

  /**
   * Put the first sample on the desk; built and decoded as it is, that is one change of the page.
   * @param {string} [before]  to be read out before what comes
   */
  function show(before = "") {
    const next = queue.items[0] ?? null;
    const why = empty.show(next ? "" : queue.state.reason);
    tell.settle("lost");
    desk.show(next);
    const words = [before, next ? describe(next) : why].filter(Boolean).join(" ");
    if (next?.lost) lost(next);
    else if (words) tell.aloud(words);
    draw();
  }

  /** What has come to lie on the desk. @param {Work} work */
  function describe({ assignment, pictures }) {
    if (isRevision(assignment)) return text.say("revealed", { n: desk.missing().length });
    const { sample } = assignment;
    const turns = sample.turns.filter((turn) => !turn.context).length;
    return [
      text.say("next_sample"),
      text.say("turns", { n: turns }),
      text.say("pictures", { n: pictures.length }),
    ].join(", ");
  }

  function draw() {
    const { work, past: given } = desk.state;
    const missing = desk.missing().length;
    // Beside a past sample the line above it offers the undo; what was locked for the judge's values is not undone.
    const undo = !given && past.mayUndo(past.latest()) && !queue.items.some((item) => isRevision(item.assignment));
    const revising = Boolean(work) && isRevision(/** @type {Work} */ (work).assignment);
    bar.show({ missing, work: Boolean(work) && !given, past: Boolean(given), undo, revising });
    whose.show({ work, past: given, missing });
  }

  /** @param {Work} work @param {Partial<Letter> & {kind: Letter["kind"], key: string}} rest @returns {Letter} */
  function letter({ assignment }, rest) {
    const question = assignment.sample.turns.find((turn) => !turn.context)?.question ?? "";
    const label = question.length > 90 ? `${question.slice(0, 90)}…` : question;
    return { study, assignment: assignment.id, label, at: letters.stamp(), tries: 0, after: 0, ...rest };
  }

  /** What is asked for where values are missing. @param {import("./types.js").Assignment} assignment */
  function unanswered(assignment) {
    if (isRevision(assignment)) return "answer_judge";
    return assignment.suggestion ? "answer_yourself" : "submit_to_go";
  }

  function submit() {
    const { work, past: given } = desk.state;
    if (!work || given) return;
    const { assignment, name } = work;
    const missing = desk.missing();
    if (missing.length) {
      desk.focus(missing[0]);
      tell.aloud(text.say(unanswered(assignment), { n: missing.length }));
      return;
    }
    const { key, ratings, all, notes, seconds } = desk.said();
    if (isRevision(assignment)) {
      outbox.put(letter(work, { kind: "revise", key, ratings, seconds }));
      past.revise(assignment, { key, ratings: all });
    } else {
      // Where a judge's values were marked, what was answered by hand is named one by one.
      const touched = assignment.suggestion ? Object.keys(ratings) : undefined;
      outbox.put(letter(work, { kind: "submit", key, ratings, touched, notes, seconds }));
      past.add(assignment, { key, ratings: all, notes, seconds });
      bar.countOn(1);
    }
    queue.finish(name);
    proceed();
  }

  /** @param {string} reason @param {string} note */
  function skip(reason, note) {
    const { work, past: given } = desk.state;
    if (!work || given || isRevision(work.assignment)) return;
    outbox.put(letter(work, { kind: "skip", key: desk.said().key, reason, note }));
    queue.finish(work.name);
    proceed();
  }

  /** The lease of what is on the desk is gone; what was said stays. @param {Work} work */
  function lost(work) {
    if (work !== desk.state.work) return void queue.drop(work.name);
    const words = text.say(isRevision(work.assignment) ? "revision_over" : "lease_lost");
    tell.show("lost", words, ways(work));
    tell.aloud(words);
  }

  /** What can be done about a sample whose lease is gone. @param {Work|null} work */
  function ways(work) {
    return work?.lost ? [{ label: text.say("lease_lost_next"), run: () => giveUp(work) }] : [];
  }

  /** Until the next step: why the one that was asked for cannot be made. @param {string} words */
  function remark(words) {
    tell.show("remark", words, ways(desk.state.work));
    tell.aloud(words);
  }

  /** @param {Work} work */
  function giveUp(work) {
    queue.drop(work.name);
    proceed();
    void queue.refill();
  }

  /** There is more to show than before, or it is ours again. */
  function filled() {
    const { work } = desk.state;
    if (!work) show();
    else if (!work.lost) tell.settle("lost");
  }

  /** Another tab has dealt with this one. @param {string} name */
  function doneElsewhere(name) {
    const here = desk.state.work?.name === name && !desk.state.past;
    queue.finish(name);
    if (!here) return;
    const words = text.say("done_elsewhere");
    show(words);
    tell.show("remark", words, ways(desk.state.work));
  }

  return { proceed, show, remark, draw, submit, skip, lost, filled, doneElsewhere, letter };
}
