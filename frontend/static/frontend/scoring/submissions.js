// @ts-check
/** Handles confirmed and refused writes of the scoring page. */

import { Refused } from "../common/http.js";
import { createSubmissionStatus } from "../common/submission-status.js";
import { createDraft } from "./drafts.js";
import { isRevision, nameWork, nameWrittenWork } from "./work-names.js";

/** @typedef {import("./types.js").PendingWrite} PendingWrite */
/** @typedef {ReturnType<typeof createSubmissions>} Submissions */

/**
 * @param {import("./sample-flow.js").Parts & {api: import("./api.js").Api, flow: import("./sample-flow.js").SampleFlow,
 *   revisions: import("./revisions.js").Revisions, history: {undoRefused: (pendingWrite: PendingWrite) => void}, session: import("../common/session.js").Session,
 *   store: import("../common/store.js").Store, drafts: import("./drafts.js").Drafts,
 *   build: (assignment: import("./types.js").Assignment) => import("./types.js").Work}} parts
 */
export function createSubmissions({
  api,
  workspace,
  queue,
  outbox,
  pendingWrites,
  previousScores,
  bar,
  announcer,
  text,
  flow,
  revisions,
  history,
  session,
  store,
  drafts,
  build,
}) {
  const status = createSubmissionStatus({
    pendingWrites,
    outbox,
    bar,
    session,
    store,
    announcer,
    text,
    callbacks: { back: queue.restart },
  });

  /** @param {PendingWrite} pendingWrite @param {any} answer */
  function sent(pendingWrite, answer) {
    const piece = nameWrittenWork(pendingWrite);
    if (pendingWrite.kind === "undo") {
      const work = queue.items.find((item) => item.name === piece);
      const until = answer.expires_at ?? answer.revise_until;
      if (work && until) work.assignment.expires_at = until;
    } else if (drafts.load(piece).key === pendingWrite.key) {
      // A draft under another key is newer than the pending write: it was undone and begun again meanwhile.
      drafts.remove(piece);
    }
    if (isRevision(answer)) pendingWrite.kind === "submit" && revisions.revealed(pendingWrite, answer);
    else if (pendingWrite.kind === "submit" || pendingWrite.kind === "revise")
      previousScores.confirm(pendingWrite.assignment, answer);
    bar.savedNow(false);
    flow.draw();
    void queue.refill();
  }

  /** @param {PendingWrite} pendingWrite */
  function refused(pendingWrite) {
    if (pendingWrite.kind === "undo") {
      pendingWrites.remove(pendingWrite.key);
      return history.undoRefused(pendingWrite);
    }
    if (pendingWrite.kind === "submit" && previousScores.take(pendingWrite.assignment)) bar.countOn(-1);
    if (pendingWrite.kind === "revise") previousScores.restoreOwn(pendingWrite.assignment);
    flow.draw();
    announcer.announce(text.say(`was_refused_${pendingWrite.kind}`, { message: pendingWrite.refusal?.message ?? "" }));
    void queue.refill();
  }

  /**
   * Put a refused one back in the workspace, if the server still knows it as ours to score.
   * @param {PendingWrite} pendingWrite
   * @returns {Promise<string>} why not, or nothing
   */
  async function reopen(pendingWrite) {
    let assignment;
    try {
      assignment = await api.look(pendingWrite.assignment);
    } catch (error) {
      return error instanceof Refused ? error.message : text.say("not_reached");
    }
    if (assignment.state === "scored")
      return text.say(pendingWrite.kind === "revise" ? "aside_revision_over" : "aside_scored");
    if (assignment.state === "skipped") return text.say("aside_skipped");
    // What lies in the workspace now may be this very sample: its draft must not be written over the pending write's.
    workspace.show(null);
    const name = nameWork(assignment);
    const kept = drafts.load(name);
    const content = pendingWrite.ratings
      ? { ratings: pendingWrite.ratings, notes: pendingWrite.notes ?? {}, seconds: pendingWrite.seconds ?? 0 }
      : {};
    // A new key: the server may have met the old one.
    drafts.save(name, { ...kept, ...content, key: createDraft().key, at: Date.now() });
    pendingWrites.remove(pendingWrite.key);
    queue.restore({ ...build(assignment), lost: assignment.state !== "leased" && !isRevision(assignment) });
    flow.proceed();
    return "";
  }

  return {
    ...status,
    sent,
    refused,
    reopen,
    draftKept() {
      bar.savedNow(true);
      status.draw();
    },
    /** Another tab has put, changed or removed a pending write. @param {PendingWrite|null} pendingWrite */
    follow(pendingWrite) {
      if (pendingWrite && pendingWrite.kind !== "undo" && !pendingWrite.refusal)
        flow.doneElsewhere(nameWrittenWork(pendingWrite));
      status.draw();
    },
    async count() {
      const { mine } = await api.progress();
      bar.setToday(mine.scored_today + pendingWrites.waiting().filter(({ kind }) => kind === "submit").length);
    },
  };
}
