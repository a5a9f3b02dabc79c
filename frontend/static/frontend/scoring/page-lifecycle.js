// @ts-check
/** Starts the scoring page, and says what it does when somebody returns or another tab writes. */

import { startPage } from "../common/page-lifecycle.js";
import { isPendingWrite } from "../common/pending-writes.js";

/**
 * @param {{workspace: import("./workspace.js").Workspace, outbox: import("../common/outbox.js").Outbox, queue: import("./queue.js").Queue,
 *   leases: {check: () => Promise<void>}, session: import("../common/session.js").Session, store: import("../common/store.js").Store,
 *   flow: import("./sample-flow.js").SampleFlow, drafts: import("./drafts.js").Drafts,
 *   submissions: import("./submissions.js").Submissions}} parts
 */
export function startScoring({ workspace, outbox, queue, leases, session, store, flow, drafts, submissions }) {
  startPage({
    keep: workspace.keep,
    draw: submissions.draw,
    session,
    outbox,
    queue,
    store,
    drafts,
    pictures: () => queue.items.flatMap((work) => work.pictures),
    isIdle: () => queue.items.length === 0,
    returned: () => void leases.check(),
    changed(name, value) {
      if (isPendingWrite(name)) submissions.follow(value);
      else workspace.follow(name, value);
    },
  });
  void queue.refill();
  void submissions.count().catch(() => undefined);
  flow.draw();
}
