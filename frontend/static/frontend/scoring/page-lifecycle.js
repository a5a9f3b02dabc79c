// @ts-check
/** Starts the scoring page, and says what it does when somebody returns or another tab writes. */

import { startPage } from "../common/page-lifecycle.js";

/**
 * @param {{desk: import("./workspace.js").Desk, outbox: import("../common/outbox.js").Outbox, queue: import("./queue.js").Queue,
 *   leases: {check: () => Promise<void>}, session: import("../common/session.js").Session, store: import("../common/store.js").Store,
 *   flow: import("./sample-flow.js").Flow, drafts: import("./drafts.js").Drafts,
 *   mailroom: import("./submissions.js").Mailroom}} parts
 */
export function startScoring({ desk, outbox, queue, leases, session, store, flow, drafts, mailroom }) {
  startPage({
    keep: desk.keep,
    draw: mailroom.draw,
    session,
    outbox,
    queue,
    store,
    drafts,
    pictures: () => queue.items.flatMap((work) => work.pictures),
    isIdle: () => queue.items.length === 0,
    returned: () => void leases.check(),
    changed(name, value) {
      if (name.startsWith("letter:")) mailroom.follow(value);
      else desk.follow(name, value);
    },
  });
  void queue.refill();
  void mailroom.count().catch(() => undefined);
  flow.draw();
}
