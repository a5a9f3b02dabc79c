// @ts-check
/** Listens to the page's own life: shown and hidden, on line and off, another tab, and the end. */

import { listenToLife } from "../common/page-lifecycle.js";

const COUNT_EVERY = 30_000;

/**
 * @param {{table: import("./current-case.js").Table, outbox: import("../common/outbox.js").Outbox,
 *   queue: import("./queue.js").Queue, poll: import("./poll.js").Poll, drafts: import("./drafts.js").Drafts,
 *   session: import("../common/session.js").Session, store: import("../common/store.js").Store,
 *   mailroom: import("./submissions.js").Mailroom}} parts
 */
export function wake({ table, outbox, queue, poll, drafts, session, store, mailroom }) {
  const retryPictures = () => {
    for (const item of queue.items) for (const picture of item.built?.pictures ?? []) picture.retry();
  };
  const count = () =>
    document.visibilityState === "visible" && !session.state.out && mailroom.count().catch(() => undefined);

  function looked() {
    session.look();
    if (session.state.out) return;
    void outbox.drain();
    poll.now();
    if (!table.state.item) queue.wake();
  }

  listenToLife({
    keep: table.keep,
    looked,
    flush: outbox.flush,
    online() {
      outbox.now();
      retryPictures();
      queue.wake();
      poll.now();
      mailroom.draw();
    },
    offline: mailroom.draw,
  });
  store.watch((name) => {
    if (name.startsWith("letter:")) mailroom.draw();
    // The other tab has written here, or has sent something: show it, but not into a field that is written in.
    if (
      name.startsWith("letter:") ||
      (table.state.item && drafts.isOf(name, table.state.item.id) && !document.hasFocus())
    )
      table.draw();
  });
  setInterval(count, COUNT_EVERY);

  drafts.sweep();
  mailroom.draw();
  poll.listen();
  void outbox.drain();
}
