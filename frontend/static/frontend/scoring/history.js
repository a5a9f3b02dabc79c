// @ts-check
/** Goes back to previous scores, and undoes them while that is allowed. */

import { createDraft } from "./drafts.js";
import { isRevision, nameWrittenWork } from "./work-names.js";

/** @typedef {import("./previous-scores.js").Entry} Entry */

/**
 * @param {import("./sample-flow.js").Parts & {flow: import("./sample-flow.js").SampleFlow, drafts: import("./drafts.js").Drafts,
 *   build: (assignment: import("./types.js").Assignment) => import("./types.js").Work}} parts
 */
export function createHistory({
  workspace,
  queue,
  outbox,
  pendingWrites,
  previousScores,
  bar,
  announcer,
  text,
  empty,
  flow,
  drafts,
  build,
}) {
  /** What is looked at, while the workspace shows the past. @type {{index: number, entry: Entry|null}} */
  const viewed = { index: -1, entry: null };
  let busy = false;

  /** @param {() => Promise<void>} step */
  async function runOnce(step) {
    if (busy) return;
    busy = true;
    try {
      await step();
    } catch {
      refuse("past_unreachable");
    } finally {
      busy = false;
    }
  }

  const previous = () =>
    runOnce(async () => {
      const index = workspace.state.past ? viewed.index + 1 : 0;
      const entry = await previousScores.at(index);
      if (!entry) return refuse("no_earlier");
      view(entry, index);
    });

  function forward() {
    if (!workspace.state.past) return announcer.settle("remark");
    const index = viewed.index - 1;
    if (index < 0) leave();
    else
      void runOnce(async () => {
        const entry = await previousScores.at(index);
        if (entry) view(entry, index);
      });
  }

  /** @param {Entry} entry @param {number} index */
  function view(entry, index) {
    Object.assign(viewed, { entry, index });
    const before = workspace.state.past ? workspace.state.work : null;
    empty.show("");
    workspace.show(build(entry.assignment), entry.given);
    before?.stage.remove();
    introduce(entry);
    flow.draw();
  }

  /**
   * Show what stands above a past sample, and read it out.
   * @param {Entry} entry
   * @param {string} [refusal]  of what was asked for there
   */
  function introduce(entry, refusal = "") {
    const time = text.time(entry.given.scored_at);
    const until = entry.given.undo_until ? text.time(entry.given.undo_until) : "";
    const key = entry.pending
      ? "viewing_past_waiting"
      : previousScores.mayUndo(entry)
        ? "viewing_past_undo"
        : "viewing_past";
    const words = [text.say(key, { time, until }), refusal].filter(Boolean).join(" ");
    announcer.show(
      "past",
      words,
      previousScores.mayUndo(entry) ? [{ label: text.say("undo"), run: () => undo() }] : [],
    );
    announcer.announce(words);
  }

  function leave() {
    const stage = workspace.state.past ? workspace.state.work?.stage : null;
    flow.proceed();
    stage?.remove();
  }

  /** Undo what is looked at, or the last one. */
  const undo = () =>
    runOnce(async () => {
      const viewing = Boolean(workspace.state.past);
      if (!viewing && queue.items.some((item) => isRevision(item.assignment))) return refuse("undo_revealed");
      const entry = await previousScores.at(viewing ? viewed.index : 0);
      if (!entry || !previousScores.mayUndo(entry)) return refuse(entry ? "undo_too_late" : "nothing_to_undo");
      undoEntry(entry);
    });

  /** Say why what was asked for cannot be had. @param {string} key @param {Record<string, string>} [values] */
  function refuse(key, values) {
    const words = text.say(key, values);
    if (workspace.state.past && viewed.entry) introduce(viewed.entry, words);
    else flow.remark(words);
  }

  /** @param {Entry} entry */
  function undoEntry({ assignment, given, key }) {
    const unsent = key ? pendingWrites.get(key) : null;
    const revision = Boolean(given.own);
    const score = revision ? { ...given, ratings: given.own ?? {}, own: null } : null;
    const work = build({ ...assignment, state: revision ? "revising" : "leased", score });
    // Never tried, so the server cannot know of it; otherwise the undo follows its submit.
    if (unsent && unsent.tries === 0) pendingWrites.remove(unsent.key);
    else outbox.put(flow.composeWrite(work, { kind: "undo", key: createDraft().key, revision }));
    previousScores.take(assignment.id);
    if (!revision) bar.countOn(-1);
    const open = Object.entries(given.ratings).filter(([name]) => !(name in assignment.sample.locked));
    const ratings = /** @type {Record<string, number>} */ (Object.fromEntries(open));
    const seconds = revision ? 0 : (given.seconds ?? 0);
    drafts.save(work.name, { ...createDraft(), ratings, notes: revision ? {} : { ...given.notes }, seconds });
    // Where its judge's values are not at hand, the server lists it again once the undo is there.
    if (!revision || assignment.suggestion) queue.restore(work);
    leave();
    announcer.announce(text.say(revision ? "undone_revision" : "undone"));
  }

  return {
    previous,
    forward,
    undo,
    /** The server would not undo it: it stands as it was. @param {import("./types.js").PendingWrite} pendingWrite */
    undoRefused(pendingWrite) {
      const name = nameWrittenWork(pendingWrite);
      const here = workspace.state.work?.name === name;
      // Off the workspace first, which keeps what lies there.
      if (here) workspace.show(null);
      drafts.remove(name);
      queue.finish(name);
      if (!pendingWrite.revision) bar.countOn(1);
      if (here) leave();
      refuse("undo_refused", { message: pendingWrite.refusal?.message ?? "" });
      void queue.refill();
    },
  };
}
