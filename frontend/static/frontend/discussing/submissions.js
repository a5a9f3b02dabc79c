// @ts-check
/** What follows from a letter's fate, and from what others did: the case as it is now, and words about it. */

import { Refused } from "../common/http.js";
import { createSubmissionStatus } from "../common/submission-status.js";
import { news } from "./case-changes.js";

/** @typedef {import("./types.js").Letter} Letter */
/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").Case} Case */
/** @typedef {ReturnType<typeof createMailroom>} Mailroom */

/**
 * @param {{api: import("./api.js").Api, letters: import("../common/pending-writes.js").Letters<Letter>,
 *   outbox: import("../common/outbox.js").Outbox, bar: ReturnType<typeof import("./bottom-bar.js").createBar>,
 *   queue: import("./queue.js").Queue, table: import("./current-case.js").Table, cases: import("./case-navigation.js").Cases,
 *   poll: import("./poll.js").Poll, drafts: import("./drafts.js").Drafts,
 *   session: import("../common/session.js").Session, store: import("../common/store.js").Store,
 *   tell: ReturnType<typeof import("../common/announcer.js").createTell>, text: import("../common/text.js").Text,
 *   hears: {counted: (waiting: number) => void, paused: (code: string) => void}}} parts
 */
export function createMailroom({
  api,
  letters,
  outbox,
  bar,
  queue,
  table,
  cases,
  poll,
  drafts,
  session,
  store,
  tell,
  text,
  hears,
}) {
  const status = createSubmissionStatus({
    letters,
    outbox,
    bar,
    session,
    store,
    tell,
    text,
    hears: {
      back() {
        queue.wake();
        poll.now();
      },
    },
  });

  async function count() {
    hears.counted((await api.progress()).waiting);
  }

  /** A newer view of a case has come. @param {Item} item @param {Case} view @param {boolean} [mine]  I have done it */
  function changed(item, view, mine = false) {
    const before = item.view;
    const here = item === table.state.item;
    queue.put(view);
    if (!here) return;
    table.draw();
    const told = before ? news(before, view, text) : [];
    if (told.length) tell.aloud(told.join(" "));
    if (before && before.state !== view.state && !mine) stateChanged(view);
  }

  /** @param {Case} view */
  function stateChanged({ state }) {
    if (state === "open") return tell.settle("case");
    tell.show("case", text.say(`case_${state}`), [
      { label: text.say("next_case_button"), run: () => void cases.next() },
    ]);
  }

  return {
    ...status,
    changed,
    count,
    /** @param {Letter} letter @param {Case} view */
    sent(letter, view) {
      const item = queue.get(letter.discussion);
      bar.savedNow(false);
      if (item && view?.topics) changed(item, view, true);
      void count().catch(() => undefined);
    },
    /** @param {Letter} letter */
    refused(letter) {
      const { code = "", message = "" } = letter.refusal ?? {};
      tell.aloud(text.say("was_refused", { message }));
      if (code === "study_paused" || code === "study_closed" || code === "member_paused") hears.paused(code);
      table.draw();
      poll.now();
    },
    /** The server knows the case no longer, or not for me. @param {Item} item */
    async gone(item) {
      // Another person's session knows nothing of what is mine: then the case is not gone.
      if (!(await session.isSame().catch(() => false)) || item !== table.state.item) return;
      queue.drop(item);
      cases.open(null);
      tell.show("case", text.say("case_gone"), [{ label: text.say("next_case_button"), run: () => void cases.next() }]);
      tell.aloud(text.say("case_gone"));
    },
    /**
     * Put what a refused letter said back into the draft, and its case on the table.
     * @param {Letter} letter
     * @returns {Promise<string>} why not, or nothing
     */
    async reopen(letter) {
      let view;
      try {
        view = await api.look(letter.discussion);
      } catch (error) {
        return error instanceof Refused ? error.message : text.say("not_reached");
      }
      const topic = view?.topics.find(({ key }) => key === letter.dimension);
      if (!view || !topic) return text.say("case_gone");
      const item = queue.put(view);
      if (topic.state === "closed" || view.state !== "open")
        return text.say("aside_settled", { key: letter.dimension });
      const value = letter.value === topic.mine?.current ? null : letter.value;
      drafts.change(letter.discussion, letter.dimension, { text: letter.text, value });
      letters.remove(letter.key);
      cases.open(item);
      table.go(letter.dimension);
      return "";
    },
  };
}
