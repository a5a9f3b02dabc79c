// @ts-check
/** Shows the bottom bar of the discussion page, and the number of waiting cases in the header. */

import { byId, find, h, write } from "../common/dom.js";
import { createSaveStatus } from "../common/save-status.js";

/**
 * @param {import("../common/text.js").Text} text
 * @param {string} url  of this page, by which the header's place is found
 * @param {{previous: () => void, next: () => void, openRefusedWrites: () => void, signIn: () => void,
 *   help: () => void}} callbacks
 */
export function createBottomBar(text, url, callbacks) {
  const root = byId("bottom-bar");
  const saved = createSaveStatus(root, text, callbacks);
  const count = find(root, ".bottom-bar-progress");
  const next = find(root, "[data-do=next]");
  find(root, "[data-do=previous]").addEventListener("click", () => callbacks.previous());
  find(root, "[data-help]").addEventListener("click", () => callbacks.help());
  next.addEventListener("click", () => callbacks.next());

  const place = document.querySelector(`.site-header nav a[href="${url}"]`);

  /** The header counts as the server wrote it, and as it is now. @param {number} waiting */
  function inHeader(waiting) {
    if (!place) return;
    const old = place.querySelector(".nav-waiting-count");
    if (!waiting) return old?.remove();
    const mark = old ?? place.appendChild(h("span.nav-waiting-count"));
    if (mark.firstChild?.textContent !== String(waiting))
      mark.replaceChildren(String(waiting), h("span.visually-hidden", {}, ` ${text.say("waiting")}`));
  }

  return {
    ...saved,
    /** @param {{waiting: number|null, done: boolean}} state  done: nothing in this case waits for me */
    show({ waiting, done }) {
      write(count, waiting === null ? "" : text.say(waiting ? "cases_wait" : "no_case_waits", { n: waiting }));
      next.classList.toggle("is-primary", done);
      if (waiting !== null) inHeader(waiting);
    },
  };
}
