// @ts-check
/** Listens to the page's own life: shown and hidden, on line and off, another tab, and the end. */

import { listenToLife } from "../common/page-lifecycle.js";

/**
 * @param {{desk: import("./workspace.js").Desk, outbox: import("../common/outbox.js").Outbox, queue: import("./queue.js").Queue,
 *   leases: {check: () => Promise<void>}, session: import("../common/session.js").Session, store: import("../common/store.js").Store,
 *   flow: import("./sample-flow.js").Flow, drafts: import("./drafts.js").Drafts,
 *   mailroom: import("./submissions.js").Mailroom}} parts
 */
export function wake({ desk, outbox, queue, leases, session, store, flow, drafts, mailroom }) {
  const retryPictures = () => {
    for (const work of queue.items) for (const picture of work.pictures) picture.retry();
  };

  function looked() {
    session.look();
    if (session.state.out) return;
    void leases.check();
    void outbox.drain();
    if (!queue.items.length) queue.wake();
  }

  listenToLife({
    keep: desk.keep,
    looked,
    flush: outbox.flush,
    online() {
      outbox.now();
      retryPictures();
      queue.wake();
      mailroom.draw();
    },
    offline: mailroom.draw,
  });
  store.watch((name, value) => {
    if (name.startsWith("letter:")) mailroom.follow(value);
    else desk.follow(name, value);
  });

  drafts.sweep();
  mailroom.draw();
  void outbox.drain();
  void queue.refill();
  void mailroom.count().catch(() => undefined);
  flow.draw();
}
