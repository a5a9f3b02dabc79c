// @ts-check
/** Shows what is saved and what waits, and what a session that ends or returns means for it. */

/** @typedef {ReturnType<typeof createSubmissionStatus>} SubmissionStatus */

/**
 * @template {import("./types.js").Letter} L
 * @param {{letters: import("./pending-writes.js").Letters<L>, outbox: import("./outbox.js").Outbox,
 *   bar: Pick<ReturnType<typeof import("./save-status.js").createSaved>, "mail">,
 *   session: import("./session.js").Session, store: import("./store.js").Store,
 *   tell: ReturnType<typeof import("./announcer.js").createTell>, text: import("./text.js").Text,
 *   hears: {back: () => void}}} given  back: the writer has signed in again
 */
export function createSubmissionStatus({ letters, outbox, bar, session, store, tell, text, hears }) {
  function draw() {
    const waiting = letters.waiting();
    bar.mail({
      waiting: waiting.length,
      since: waiting[0]?.at ?? 0,
      refused: letters.refused().length,
      offline: !navigator.onLine || waiting.some((letter) => letter.stuck),
      signedOut: session.state.out,
      kept: store.kept(),
    });
  }

  return {
    draw,
    /** Send a refused one once more, as it is. @param {L} letter */
    again({ refusal, ...letter }) {
      outbox.put({ ...letter, tries: 0, after: 0 });
      outbox.now();
    },
    signedOut() {
      outbox.hold();
      const words = session.state.other
        ? text.say("other_signed_in", { name: session.state.other })
        : text.say("signed_out_line");
      tell.show("session", words, [{ label: text.say("sign_in"), run: session.open }]);
      tell.aloud(words);
      draw();
    },
    signedIn() {
      tell.settle("session");
      tell.aloud(text.say("signed_in"));
      outbox.resume();
      hears.back();
      draw();
    },
  };
}
