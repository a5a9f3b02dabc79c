// @ts-check
/** Handles confirmed and refused writes of the discussion page, and changes by others. */

import { Refused } from "../common/http.js";
import { createSubmissionStatus } from "../common/submission-status.js";
import { describeChanges } from "./case-changes.js";

/** @typedef {import("./types.js").PendingWrite} PendingWrite */
/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").Case} Case */
/** @typedef {ReturnType<typeof createSubmissions>} Submissions */

/**
 * @param {{api: import("./api.js").Api, pendingWrites: import("../common/pending-writes.js").PendingWrites<PendingWrite>,
 *   outbox: import("../common/outbox.js").Outbox, bar: ReturnType<typeof import("./bottom-bar.js").createBottomBar>,
 *   queue: import("./queue.js").Queue, currentCase: import("./current-case.js").CurrentCase, navigation: import("./case-navigation.js").CaseNavigation,
 *   poll: import("./poll.js").Poll, drafts: import("./drafts.js").Drafts,
 *   session: import("../common/session.js").Session, store: import("../common/store.js").Store,
 *   announcer: ReturnType<typeof import("../common/announcer.js").createAnnouncer>, text: import("../common/text.js").Text,
 *   callbacks: {counted: (waiting: number) => void, paused: (code: string) => void}}} parts
 */
export function createSubmissions({
  api,
  pendingWrites,
  outbox,
  bar,
  queue,
  currentCase,
  navigation,
  poll,
  drafts,
  session,
  store,
  announcer,
  text,
  callbacks,
}) {
  const status = createSubmissionStatus({
    pendingWrites,
    outbox,
    bar,
    session,
    store,
    announcer,
    text,
    callbacks: {
      back() {
        queue.restart();
        poll.now();
      },
    },
  });

  async function count() {
    callbacks.counted((await api.progress()).waiting);
  }

  /** A newer view of a case has come. @param {Item} item @param {Case} view @param {boolean} [mine]  I have done it */
  function changed(item, view, mine = false) {
    const before = item.view;
    const here = item === currentCase.state.item;
    queue.put(view);
    if (!here) return;
    currentCase.draw();
    const messages = before ? describeChanges(before, view, text) : [];
    if (messages.length) announcer.announce(messages.join(" "));
    if (before && before.state !== view.state && !mine) stateChanged(view);
  }

  /** @param {Case} view */
  function stateChanged({ state }) {
    if (state === "open") return announcer.settle("case");
    announcer.show("case", text.say(`case_${state}`), [
      { label: text.say("next_case_button"), run: () => void navigation.next() },
    ]);
  }

  return {
    ...status,
    changed,
    count,
    /** @param {PendingWrite} pendingWrite @param {Case} view */
    sent(pendingWrite, view) {
      const item = queue.get(pendingWrite.discussion);
      bar.savedNow(false);
      if (item && view?.topics) changed(item, view, true);
      void count().catch(() => undefined);
    },
    /** @param {PendingWrite} pendingWrite */
    refused(pendingWrite) {
      const { code = "", message = "" } = pendingWrite.refusal ?? {};
      announcer.announce(text.say("was_refused", { message }));
      if (code === "study_paused" || code === "study_closed" || code === "member_paused") callbacks.paused(code);
      currentCase.draw();
      poll.now();
    },
    /** The server knows the case no longer, or not for me. @param {Item} item */
    async gone(item) {
      // Another person's session knows nothing of what is mine: then the case is not gone.
      if (!(await session.isSame().catch(() => false)) || item !== currentCase.state.item) return;
      queue.drop(item);
      navigation.open(null);
      announcer.show("case", text.say("case_gone"), [
        { label: text.say("next_case_button"), run: () => void navigation.next() },
      ]);
      announcer.announce(text.say("case_gone"));
    },
    /**
     * Put what a refused pending write said back into the draft, and its case on the page.
     * @param {PendingWrite} pendingWrite
     * @returns {Promise<string>} why not, or nothing
     */
    async reopen(pendingWrite) {
      let view;
      try {
        view = await api.look(pendingWrite.discussion);
      } catch (error) {
        return error instanceof Refused ? error.message : text.say("not_reached");
      }
      const topic = view?.topics.find(({ key }) => key === pendingWrite.dimension);
      if (!view || !topic) return text.say("case_gone");
      const item = queue.put(view);
      if (topic.state === "closed" || view.state !== "open")
        return text.say("aside_settled", { key: pendingWrite.dimension });
      const value = pendingWrite.value === topic.mine?.current ? null : pendingWrite.value;
      drafts.change(pendingWrite.discussion, pendingWrite.dimension, { text: pendingWrite.text, value });
      pendingWrites.remove(pendingWrite.key);
      navigation.open(item);
      currentCase.go(pendingWrite.dimension);
      return "";
    },
  };
}
