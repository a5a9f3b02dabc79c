// @ts-check
/** Going back: looking at what I scored, and undoing it while I may. */

import { blank } from "./drafts.js";

/** @typedef {import("./past.js").Entry} Entry */

/**
 * @param {import("./flow.js").Parts & {flow: import("./flow.js").Flow, drafts: import("./drafts.js").Drafts,
 *   build: (assignment: import("./types.js").Assignment) => import("./types.js").Work}} parts
 */
export function createHistory({ desk, queue, outbox, letters, past, bar, tell, text, empty, flow, drafts, build }) {
  let index = -1;
  let busy = false;

  /** @param {() => Promise<void>} step */
  async function once(step) {
    if (busy) return;
    busy = true;
    try {
      await step();
    } catch {
      tell.show("past", text.say("past_unreachable"));
    } finally {
      busy = false;
    }
  }

  const previous = () => once(async () => {
    const entry = await past.at(index + 1);
    if (!entry) return tell.aloud(text.say("no_earlier"));
    index += 1;
    view(entry);
  });

  function forward() {
    if (index < 0) return;
    index -= 1;
    if (index < 0) leave();
    else void once(async () => {
      const entry = await past.at(index);
      if (entry) view(entry);
    });
  }

  /** @param {Entry} entry */
  function view(entry) {
    const before = desk.state.past ? desk.state.work : null;
    empty.show("");
    desk.show(build(entry.assignment), entry.given);
    before?.stage.remove();
    const time = text.time(entry.given.scored_at);
    const until = entry.given.undo_until && text.time(entry.given.undo_until);
    const key = entry.pending ? "viewing_past_waiting" : past.mayUndo(entry) ? "viewing_past_undo" : "viewing_past";
    const words = text.say(key, { time, until });
    tell.show("past", words, past.mayUndo(entry) ? [{ label: text.say("undo"), run: () => undo() }] : []);
    tell.aloud(words);
    flow.draw();
  }

  function leave() {
    index = -1;
    const stage = desk.state.past ? desk.state.work?.stage : null;
    tell.settle("past");
    flow.proceed();
    stage?.remove();
  }

  /** Undo what is looked at, or the last one. */
  const undo = () => once(async () => {
    const entry = await past.at(Math.max(0, index));
    if (!entry || !past.mayUndo(entry)) {
      tell.show("undo", text.say(entry ? "undo_too_late" : "nothing_to_undo"));
      tell.aloud(text.say(entry ? "undo_too_late" : "nothing_to_undo"));
      return;
    }
    takeBack(entry);
  });

  /** @param {Entry} entry */
  function takeBack({ assignment, given, key }) {
    const unsent = key ? letters.get(key) : null;
    const work = build(assignment);
    // Never tried, so the server cannot know of it; otherwise the undo follows its submit.
    if (unsent && unsent.tries === 0) letters.remove(unsent.key);
    else outbox.put(flow.letter(work, { kind: "undo", key: blank().key }));
    past.remove(assignment.id);
    bar.countOn(-1);
    const open = Object.entries(given.ratings).filter(([name]) => !(name in assignment.sample.locked));
    const ratings = /** @type {Record<string, number>} */ (Object.fromEntries(open));
    drafts.save(assignment.id, { ...blank(), ratings, notes: { ...given.notes }, seconds: given.seconds ?? 0 });
    queue.restore(work);
    leave();
    tell.aloud(text.say("undone"));
  }

  return {
    previous,
    forward,
    undo,
    /** The server would not undo it: it stands as it was. @param {import("./types.js").Letter} letter */
    undoRefused({ assignment, refusal }) {
      drafts.remove(assignment);
      const here = desk.state.work?.assignment.id === assignment;
      queue.finish(assignment);
      bar.countOn(1);
      if (here) leave();
      tell.show("undo", text.say("undo_refused", { message: refusal?.message ?? "" }));
      tell.aloud(text.say("undo_refused", { message: refusal?.message ?? "" }));
    },
  };
}
