// @ts-check
/** The bottom bar: what is saved, how far the day has come, and the buttons. */

import { byId, find, write } from "./dom.js";

/** @typedef {ReturnType<typeof createBar>} Bar */
/**
 * @typedef {{waiting: number, since: number, refused: number, offline: boolean, signedOut: boolean, kept: boolean}} Mail
 * @typedef {{previous: () => void, forward: () => void, skip: () => void, submit: () => void, undo: () => void,
 *   aside: () => void, signIn: () => void}} Hears
 */

/**
 * @param {import("./text.js").Text} text
 * @param {Hears} hears
 */
export function createBar(text, hears) {
  const root = byId("bar");
  const saved = find(root, ".saved");
  const words = find(saved, "span");
  const why = find(root, ".outbox");
  const aside = find(root, ".aside");
  const signIn = find(root, ".signin");
  const today = find(root, ".prog");
  const buttons = {
    previous: find(root, "[data-do=previous]"),
    forward: find(root, "[data-do=forward]"),
    skip: find(root, "[data-do=skip]"),
    submit: find(root, "[data-do=submit]"),
    undo: find(root, "[data-do=undo]"),
  };
  const submitWords = find(buttons.submit, "span");
  const last = { at: 0, draft: false };
  /** @type {{today: number|null}} */
  const count = { today: null };

  for (const [name, button] of Object.entries(buttons)) {
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") !== "true") hears[/** @type {keyof typeof buttons} */ (name)]();
    });
  }
  aside.addEventListener("click", () => hears.aside());
  signIn.addEventListener("click", () => hears.signIn());

  /** @param {Mail} mail */
  function mail({ waiting, since, refused, offline, signedOut, kept }) {
    const held = waiting > 0 && (offline || signedOut);
    const state = signedOut ? (waiting ? "signed_out_waiting" : "signed_out")
      : offline ? (waiting ? "offline_waiting" : "offline")
      : waiting ? "saving"
      : !kept ? "not_kept"
      : last.at ? (last.draft ? "draft_saved" : "saved") : "nothing_saved";
    saved.classList.toggle("wait", signedOut || offline || !kept);
    write(words, text.say(state, { n: waiting, time: text.time(last.at) }));
    find(saved, "svg use").setAttribute("href", signedOut || offline || !kept ? "#icon-alert" : "#icon-check");
    saved.classList.toggle("none", state === "nothing_saved");
    why.hidden = !held;
    if (held) write(why, text.say("kept_since", { time: text.time(since) }));
    aside.hidden = refused === 0;
    if (refused) write(find(aside, "span"), text.say("needs_you", { n: refused }));
    signIn.hidden = !signedOut;
  }

  function drawCount() {
    write(today, count.today === null ? "" : text.say("today", { n: count.today }));
  }

  return {
    mail,
    /** @param {boolean} draft */
    savedNow(draft) {
      last.at = Date.now();
      last.draft = draft;
    },
    /** @param {number} done */
    setToday(done) {
      count.today = done;
      drawCount();
    },
    /** @param {number} by */
    countOn(by) {
      if (count.today !== null) count.today = Math.max(0, count.today + by);
      drawCount();
    },
    /**
     * @param {{missing: number, work: boolean, past: boolean, undo: boolean}} state
     */
    show({ missing, work, past, undo }) {
      const ready = work && missing === 0;
      buttons.submit.setAttribute("aria-disabled", String(!ready));
      buttons.submit.classList.toggle("solid", ready);
      write(submitWords, text.say(work && missing ? "submit_to_go" : "submit", { n: missing }));
      buttons.submit.hidden = past;
      buttons.forward.hidden = !past;
      buttons.skip.hidden = past;
      buttons.skip.setAttribute("aria-disabled", String(!work));
      buttons.undo.hidden = !undo;
    },
  };
}

