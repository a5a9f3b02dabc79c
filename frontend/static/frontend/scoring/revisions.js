// @ts-check
/** Shows a sample again once its values are locked and the judge's may be seen. */

import { byId } from "../common/dom.js";
import { isRevision } from "./work-names.js";

/** @typedef {import("./types.js").Assignment} Assignment */
/** @typedef {ReturnType<typeof createRevisions>} Revisions */

/** Who types on while another sample comes is not taken to have answered on that one. */
const INPUT_DELAY = 500;

/**
 * @param {import("./sample-flow.js").Parts & {flow: import("./sample-flow.js").SampleFlow, drafts: import("./drafts.js").Drafts}} parts
 */
export function createRevisions({ workspace, queue, pendingWrites, previousScores, flow, drafts }) {
  const panel = byId("panel");
  let came = -INPUT_DELAY;

  /** Has the person said anything about it, or are they about to? @param {import("./types.js").Work} work */
  function isBegun(work) {
    workspace.keep();
    const { ratings, notes } = drafts.load(work.name);
    const busy = document.querySelector("dialog[open]") || document.activeElement?.matches("textarea");
    return Object.keys(ratings).length > 0 || Object.values(notes).some((note) => note.trim()) || Boolean(busy);
  }

  /** At once where nothing was said on what lies there, else as the next one. @param {Assignment} assignment */
  function arrive(assignment) {
    const { items } = queue;
    let at = items.length && isBegun(items[0]) ? 1 : 0;
    while (items[at] && isRevision(items[at].assignment)) at += 1;
    queue.insert(assignment, at);
    if (at > 0 || workspace.state.past) return;
    const interrupts = Boolean(workspace.state.work);
    flow.show();
    if (!interrupts) return;
    came = performance.now();
    panel.classList.add("is-arriving");
    setTimeout(() => panel.classList.remove("is-arriving"), INPUT_DELAY);
  }

  return {
    arrive,
    acceptsInput: () => performance.now() - came >= INPUT_DELAY,
    /** The answer to a submit. @param {import("./types.js").PendingWrite} pendingWrite @param {any} answer */
    revealed(pendingWrite, answer) {
      // An undo that was faster will be refused; then the server lists this one as waiting for its answer.
      if (
        pendingWrites
          .waiting()
          .some(({ assignment, kind }) => assignment === pendingWrite.assignment && kind === "undo")
      )
        return;
      const entry = previousScores.take(pendingWrite.assignment);
      if (!entry) return;
      const { suggestion, revise_until: expires_at, ratings, notes, seconds, scored_at, undo_until } = answer;
      const score = { ...entry.given, ratings, notes, seconds, scored_at, undo_until };
      arrive({ ...entry.assignment, state: "revising", leased_at: scored_at, expires_at, suggestion, score });
    },
  };
}
