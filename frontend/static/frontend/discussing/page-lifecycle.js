// @ts-check
/** Starts the discussion page, and says what it does when somebody returns or another tab writes. */

import { startPage } from "../common/page-lifecycle.js";

const COUNT_EVERY = 30_000;

/**
 * @param {{table: import("./current-case.js").Table, outbox: import("../common/outbox.js").Outbox,
 *   queue: import("./queue.js").Queue, poll: import("./poll.js").Poll, drafts: import("./drafts.js").Drafts,
 *   session: import("../common/session.js").Session, store: import("../common/store.js").Store,
 *   mailroom: import("./submissions.js").Mailroom}} parts
 */
export function startDiscussing({ table, outbox, queue, poll, drafts, session, store, mailroom }) {
  startPage({
    keep: table.keep,
    draw: mailroom.draw,
    session,
    outbox,
    queue,
    store,
    drafts,
    pictures: () => queue.items.flatMap((item) => item.built?.pictures ?? []),
    isIdle: () => table.state.item === null,
    returned: poll.now,
    reconnected: poll.now,
    changed(name) {
      const isLetter = name.startsWith("letter:");
      if (isLetter) mailroom.draw();
      // The other tab has written here, or has sent something: show it, but not into a field that is written in.
      const isDraft = table.state.item && drafts.isOf(name, table.state.item.id) && !document.hasFocus();
      if (isLetter || isDraft) table.draw();
    },
  });
  poll.listen();
  setInterval(
    () => document.visibilityState === "visible" && !session.state.out && mailroom.count().catch(() => undefined),
    COUNT_EVERY,
  );
}
