// @ts-check
/** Starts the discussion page, and says what it does when somebody returns or another tab writes. */

import { startPage } from "../common/page-lifecycle.js";
import { isPendingWrite } from "../common/pending-writes.js";

const COUNT_EVERY = 30_000;

/**
 * @param {{currentCase: import("./current-case.js").CurrentCase, outbox: import("../common/outbox.js").Outbox,
 *   queue: import("./queue.js").Queue, poll: import("./poll.js").Poll, drafts: import("./drafts.js").Drafts,
 *   session: import("../common/session.js").Session, store: import("../common/store.js").Store,
 *   submissions: import("./submissions.js").Submissions}} parts
 */
export function startDiscussing({ currentCase, outbox, queue, poll, drafts, session, store, submissions }) {
  startPage({
    keep: currentCase.keep,
    draw: submissions.draw,
    session,
    outbox,
    queue,
    store,
    drafts,
    pictures: () => queue.items.flatMap((item) => item.built?.pictures ?? []),
    isIdle: () => currentCase.state.item === null,
    returned: poll.now,
    reconnected: poll.now,
    changed(name) {
      const isWrite = isPendingWrite(name);
      if (isWrite) submissions.draw();
      // The other tab has written here, or has sent something: show it, but not into a field that is written in.
      const isDraft = currentCase.state.item && drafts.isOf(name, currentCase.state.item.id) && !document.hasFocus();
      if (isWrite || isDraft) currentCase.draw();
    },
  });
  poll.listen();
  setInterval(
    () => document.visibilityState === "visible" && !session.state.out && submissions.count().catch(() => undefined),
    COUNT_EVERY,
  );
}
