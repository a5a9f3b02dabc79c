// @ts-check
/** Shows the bottom bar of the scoring page: what is saved, today's count, and the buttons. */

import { byId, find, write } from "../common/dom.js";
import { createSaveStatus } from "../common/save-status.js";

/** @typedef {ReturnType<typeof createBottomBar>} BottomBar */
/**
 * @typedef {{previous: () => void, forward: () => void, skip: () => void, submit: () => void, undo: () => void,
 *   openRefusedWrites: () => void, signIn: () => void}} Callbacks
 */

/**
 * @param {import("../common/text.js").Text} text
 * @param {Callbacks} callbacks
 */
export function createBottomBar(text, callbacks) {
  const root = byId("bottom-bar");
  const saved = createSaveStatus(root, text, callbacks);
  const today = find(root, ".bottom-bar-progress");
  const buttons = {
    previous: find(root, "[data-do=previous]"),
    forward: find(root, "[data-do=forward]"),
    skip: find(root, "[data-do=skip]"),
    submit: find(root, "[data-do=submit]"),
    undo: find(root, "[data-do=undo]"),
  };
  const submitWords = find(buttons.submit, "span");
  /** @type {{today: number|null}} */
  const count = { today: null };

  for (const [name, button] of Object.entries(buttons)) {
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") !== "true") callbacks[/** @type {keyof typeof buttons} */ (name)]();
    });
  }

  function drawCount() {
    write(today, count.today === null ? "" : text.say("today", { n: count.today }));
  }

  return {
    ...saved,
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
     * @param {{missing: number, work: boolean, past: boolean, undo: boolean, revising: boolean}} state
     */
    show({ missing, work, past, undo, revising }) {
      const ready = work && missing === 0;
      buttons.submit.setAttribute("aria-disabled", String(!ready));
      buttons.submit.classList.toggle("is-primary", ready);
      const act = revising ? "send" : "submit";
      write(submitWords, text.say(work && missing ? `${act}_to_go` : act, { n: missing }));
      buttons.submit.hidden = past;
      buttons.forward.hidden = !past;
      buttons.skip.hidden = past || revising;
      buttons.skip.setAttribute("aria-disabled", String(!work));
      buttons.undo.hidden = !undo;
    },
  };
}
