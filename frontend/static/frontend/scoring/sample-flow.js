// @ts-check
/** Submits or skips the current sample, and shows the next one. */

import { isRevision } from "./work-names.js";

/** @typedef {import("./types.js").PendingWrite} PendingWrite */
/** @typedef {import("./types.js").Work} Work */
/** @typedef {ReturnType<typeof createSampleFlow>} SampleFlow */
/**
 * @typedef {{workspace: import("./workspace.js").Workspace, queue: import("./queue.js").Queue, outbox: import("../common/outbox.js").Outbox,
 *   pendingWrites: import("../common/pending-writes.js").PendingWrites<import("./types.js").PendingWrite>, previousScores: import("./previous-scores.js").PreviousScores, bar: import("./bottom-bar.js").BottomBar,
 *   announcer: ReturnType<typeof import("../common/announcer.js").createAnnouncer>, text: import("../common/text.js").Text,
 *   empty: ReturnType<typeof import("./empty-state.js").createEmptyState>, judgeNotice: ReturnType<typeof import("./judge-notice.js").createJudgeNotice>,
 *   study: string}} Parts
 */

/** @param {Parts} parts */
export function createSampleFlow({
  workspace,
  queue,
  outbox,
  pendingWrites,
  previousScores,
  bar,
  announcer,
  text,
  empty,
  judgeNotice,
  study,
}) {
  /** The person goes on: what was remarked on the step before is over. */
  function proceed() {
    for (const subject of ["past", "remark"]) announcer.settle(subject);
    show();
  }

  /**
   * Put the first sample in the workspace; built and decoded as it is, that is one change of the page.
   * @param {string} [before]  to be read out before what comes
   */
  function show(before = "") {
    const next = queue.items[0] ?? null;
    const why = empty.show(next ? "" : queue.state.reason);
    announcer.settle("lost");
    workspace.show(next);
    const words = [before, next ? describe(next) : why].filter(Boolean).join(" ");
    if (next?.lost) lost(next);
    else if (words) announcer.announce(words);
    draw();
  }

  /** What has come to lie in the workspace. @param {Work} work */
  function describe({ assignment, pictures }) {
    if (isRevision(assignment)) return text.say("revealed", { n: workspace.missing().length });
    const { sample } = assignment;
    const turns = sample.turns.filter((turn) => !turn.context).length;
    return [
      text.say("next_sample"),
      text.say("turns", { n: turns }),
      text.say("pictures", { n: pictures.length }),
    ].join(", ");
  }

  function draw() {
    const { work, past: given } = workspace.state;
    const missing = workspace.missing().length;
    // Beside a past sample the line above it offers the undo; what was locked for the judge's values is not undone.
    const undo =
      !given &&
      previousScores.mayUndo(previousScores.latest()) &&
      !queue.items.some((item) => isRevision(item.assignment));
    const revising = Boolean(work) && isRevision(/** @type {Work} */ (work).assignment);
    bar.show({ missing, work: Boolean(work) && !given, past: Boolean(given), undo, revising });
    judgeNotice.show({ work, past: given, missing });
  }

  /** @param {Work} work @param {Partial<PendingWrite> & {kind: PendingWrite["kind"], key: string}} rest @returns {PendingWrite} */
  function composeWrite({ assignment }, rest) {
    const question = assignment.sample.turns.find((turn) => !turn.context)?.question ?? "";
    const label = question.length > 90 ? `${question.slice(0, 90)}…` : question;
    return { study, assignment: assignment.id, label, at: pendingWrites.stamp(), tries: 0, after: 0, ...rest };
  }

  /** What is asked for where values are missing. @param {import("./types.js").Assignment} assignment */
  function findMissingText(assignment) {
    if (isRevision(assignment)) return "answer_judge";
    return assignment.suggestion ? "answer_yourself" : "submit_to_go";
  }

  function submit() {
    const { work, past: given } = workspace.state;
    if (!work || given) return;
    const { assignment, name } = work;
    const missing = workspace.missing();
    if (missing.length) {
      workspace.focus(missing[0]);
      announcer.announce(text.say(findMissingText(assignment), { n: missing.length }));
      return;
    }
    const { key, ratings, all, notes, seconds } = workspace.collectAnswer();
    if (isRevision(assignment)) {
      outbox.put(composeWrite(work, { kind: "revise", key, ratings, seconds }));
      previousScores.revise(assignment, { key, ratings: all });
    } else {
      // Where a judge's values were marked, what was answered by hand is named one by one.
      const touched = assignment.suggestion ? Object.keys(ratings) : undefined;
      outbox.put(composeWrite(work, { kind: "submit", key, ratings, touched, notes, seconds }));
      previousScores.add(assignment, { key, ratings: all, notes, seconds });
      bar.countOn(1);
    }
    queue.finish(name);
    proceed();
  }

  /** @param {string} reason @param {string} note */
  function skip(reason, note) {
    const { work, past: given } = workspace.state;
    if (!work || given || isRevision(work.assignment)) return;
    outbox.put(composeWrite(work, { kind: "skip", key: workspace.collectAnswer().key, reason, note }));
    queue.finish(work.name);
    proceed();
  }

  /** The lease of what is in the workspace is gone; what was said stays. @param {Work} work */
  function lost(work) {
    if (work !== workspace.state.work) return void queue.drop(work.name);
    const words = text.say(isRevision(work.assignment) ? "revision_over" : "lease_lost");
    announcer.show("lost", words, listWaysOut(work));
    announcer.announce(words);
  }

  /** What can be done about a sample whose lease is gone. @param {Work|null} work */
  function listWaysOut(work) {
    return work?.lost ? [{ label: text.say("lease_lost_next"), run: () => giveUp(work) }] : [];
  }

  /** Until the next step: why the one that was asked for cannot be made. @param {string} words */
  function remark(words) {
    announcer.show("remark", words, listWaysOut(workspace.state.work));
    announcer.announce(words);
  }

  /** @param {Work} work */
  function giveUp(work) {
    queue.drop(work.name);
    proceed();
    void queue.refill();
  }

  /** There is more to show than before, or it is ours again. */
  function filled() {
    const { work } = workspace.state;
    if (!work) show();
    else if (!work.lost) announcer.settle("lost");
  }

  /** Another tab has dealt with this one. @param {string} name */
  function doneElsewhere(name) {
    const here = workspace.state.work?.name === name && !workspace.state.past;
    queue.finish(name);
    if (!here) return;
    const words = text.say("done_elsewhere");
    show(words);
    announcer.show("remark", words, listWaysOut(workspace.state.work));
  }

  return { proceed, show, remark, draw, submit, skip, lost, filled, doneElsewhere, composeWrite };
}
