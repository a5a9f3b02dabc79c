// @ts-check
/** Shows what is saved and what waits, and what a session that ends or returns means for it. */

/** @typedef {ReturnType<typeof createSubmissionStatus>} SubmissionStatus */

/**
 * @template {import("./types.js").PendingWrite} L
 * @param {{pendingWrites: import("./pending-writes.js").PendingWrites<L>, outbox: import("./outbox.js").Outbox,
 *   bar: Pick<ReturnType<typeof import("./save-status.js").createSaveStatus>, "showSaveState">,
 *   session: import("./session.js").Session, store: import("./store.js").Store,
 *   announcer: ReturnType<typeof import("./announcer.js").createAnnouncer>, text: import("./text.js").Text,
 *   callbacks: {back: () => void}}} options  back: the writer has signed in again
 */
export function createSubmissionStatus({ pendingWrites, outbox, bar, session, store, announcer, text, callbacks }) {
  function draw() {
    const waiting = pendingWrites.waiting();
    bar.showSaveState({
      waiting: waiting.length,
      since: waiting[0]?.at ?? 0,
      refused: pendingWrites.refused().length,
      offline: !navigator.onLine || waiting.some((pendingWrite) => pendingWrite.stuck),
      signedOut: session.state.out,
      kept: store.kept(),
    });
  }

  return {
    draw,
    /** Send a refused one once more, as it is. @param {L} pendingWrite */
    again({ refusal, ...pendingWrite }) {
      outbox.put({ ...pendingWrite, tries: 0, after: 0 });
      outbox.now();
    },
    signedOut() {
      outbox.hold();
      const words = session.state.other
        ? text.say("other_signed_in", { name: session.state.other })
        : text.say("signed_out_line");
      announcer.show("session", words, [{ label: text.say("sign_in"), run: session.open }]);
      announcer.announce(words);
      draw();
    },
    signedIn() {
      announcer.settle("session");
      announcer.announce(text.say("signed_in"));
      outbox.resume();
      callbacks.back();
      draw();
    },
  };
}
