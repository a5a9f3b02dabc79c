// @ts-check
/** Shows in the bottom bar what is saved and what still waits. */

import { find, write } from "./dom.js";

/** @typedef {{waiting: number, since: number, refused: number, offline: boolean, signedOut: boolean, kept: boolean}} SaveState */

/**
 * @param {HTMLElement} root  the bar
 * @param {import("./text.js").Text} text
 * @param {{openRefusedWrites: () => void, signIn: () => void}} callbacks
 */
export function createSaveStatus(root, text, callbacks) {
  const saved = find(root, ".save-status");
  const words = find(saved, "span");
  const why = find(root, ".pending-note");
  const refusedButton = find(root, ".refused-writes-button");
  const signIn = find(root, ".sign-in-button");
  const last = { at: 0, draft: false };

  refusedButton.addEventListener("click", () => callbacks.openRefusedWrites());
  signIn.addEventListener("click", () => callbacks.signIn());

  return {
    /** @param {SaveState} state */
    showSaveState({ waiting, since, refused, offline, signedOut, kept }) {
      const held = waiting > 0 && (offline || signedOut);
      const key = signedOut
        ? waiting
          ? "signed_out_waiting"
          : "signed_out"
        : offline
          ? waiting
            ? "offline_waiting"
            : "offline"
          : waiting
            ? "saving"
            : !kept
              ? "not_kept"
              : last.at
                ? last.draft
                  ? "draft_saved"
                  : "saved"
                : "nothing_saved";
      saved.classList.toggle("is-waiting", signedOut || offline || !kept);
      write(words, text.say(key, { n: waiting, time: text.time(last.at) }));
      find(saved, "svg use").setAttribute("href", signedOut || offline || !kept ? "#icon-alert" : "#icon-check");
      saved.classList.toggle("is-idle", key === "nothing_saved");
      why.hidden = !held;
      if (held) write(why, text.say("kept_since", { time: text.time(since) }));
      refusedButton.hidden = refused === 0;
      if (refused) write(find(refusedButton, "span"), text.say("needs_you", { n: refused }));
      signIn.hidden = !signedOut;
    },
    /** @param {boolean} draft */
    savedNow(draft) {
      last.at = Date.now();
      last.draft = draft;
    },
  };
}
