// @ts-check
/** What follows from a letter's fate: confirmed, refused, or kept until its writer has signed in again. */

import { Refused } from "../common/http.js";
import { createSubmissionStatus } from "../common/submission-status.js";
import { blank } from "./drafts.js";
import { isRevision, nameOf, pieceOf } from "./work-names.js";

/** @typedef {import("./types.js").Letter} Letter */
/** @typedef {ReturnType<typeof createMailroom>} Mailroom */

/**
 * @param {import("./sample-flow.js").Parts & {api: import("./api.js").Api, flow: import("./sample-flow.js").Flow,
 *   revisions: import("./revisions.js").Revisions, history: {undoRefused: (letter: Letter) => void}, session: import("../common/session.js").Session,
 *   store: import("../common/store.js").Store, drafts: import("./drafts.js").Drafts,
 *   build: (assignment: import("./types.js").Assignment) => import("./types.js").Work}} parts
 */
export function createMailroom({
  api,
  desk,
  queue,
  outbox,
  letters,
  past,
  bar,
  tell,
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
    letters,
    outbox,
    bar,
    session,
    store,
    tell,
    text,
    hears: { back: queue.wake },
  });

  /** @param {Letter} letter @param {any} answer */
  function sent(letter, answer) {
    const piece = pieceOf(letter);
    if (letter.kind === "undo") {
      const work = queue.items.find((item) => item.name === piece);
      const until = answer.expires_at ?? answer.revise_until;
      if (work && until) work.assignment.expires_at = until;
    } else if (drafts.load(piece).key === letter.key) {
      // A draft under another key is newer than the letter: it was undone and begun again meanwhile.
      drafts.remove(piece);
    }
    if (isRevision(answer)) letter.kind === "submit" && revisions.revealed(letter, answer);
    else if (letter.kind === "submit" || letter.kind === "revise") past.confirm(letter.assignment, answer);
    bar.savedNow(false);
    flow.draw();
    void queue.refill();
  }

  /** @param {Letter} letter */
  function refused(letter) {
    if (letter.kind === "undo") {
      letters.remove(letter.key);
      return history.undoRefused(letter);
    }
    if (letter.kind === "submit" && past.take(letter.assignment)) bar.countOn(-1);
    if (letter.kind === "revise") past.stand(letter.assignment);
    flow.draw();
    tell.aloud(text.say(`was_refused_${letter.kind}`, { message: letter.refusal?.message ?? "" }));
    void queue.refill();
  }

  /**
   * Put a refused one back on the desk, if the server still knows it as ours to score.
   * @param {Letter} letter
   * @returns {Promise<string>} why not, or nothing
   */
  async function reopen(letter) {
    let assignment;
    try {
      assignment = await api.look(letter.assignment);
    } catch (error) {
      return error instanceof Refused ? error.message : text.say("not_reached");
    }
    if (assignment.state === "scored")
      return text.say(letter.kind === "revise" ? "aside_revision_over" : "aside_scored");
    if (assignment.state === "skipped") return text.say("aside_skipped");
    // What lies on the desk now may be this very sample: its draft must not be written over the letter's.
    desk.show(null);
    const name = nameOf(assignment);
    const kept = drafts.load(name);
    const said = letter.ratings
      ? { ratings: letter.ratings, notes: letter.notes ?? {}, seconds: letter.seconds ?? 0 }
      : {};
    // A new key: the server may have met the old one.
    drafts.save(name, { ...kept, ...said, key: blank().key, at: Date.now() });
    letters.remove(letter.key);
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
    /** Another tab has put, changed or removed a letter. @param {Letter|null} letter */
    follow(letter) {
      if (letter && letter.kind !== "undo" && !letter.refusal) flow.doneElsewhere(pieceOf(letter));
      status.draw();
    },
    async count() {
      const { mine } = await api.progress();
      bar.setToday(mine.scored_today + letters.waiting().filter(({ kind }) => kind === "submit").length);
    },
  };
}
