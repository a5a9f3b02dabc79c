// @ts-check
/** The bottom bar: what is saved, how many cases wait, and the way to the next one. The header tells the number too. */

import { byId, find, h, write } from "../common/dom.js";
import { createSaved } from "../common/save-status.js";

/**
 * @param {import("../common/text.js").Text} text
 * @param {string} url  of this page, by which the header's place is found
 * @param {{previous: () => void, next: () => void, aside: () => void, signIn: () => void,
 *   help: () => void}} hears
 */
export function createBar(text, url, hears) {
  const root = byId("bar");
  const saved = createSaved(root, text, hears);
  const count = find(root, ".bar-progress");
  const next = find(root, "[data-do=next]");
  find(root, "[data-do=previous]").addEventListener("click", () => hears.previous());
  find(root, "[data-help]").addEventListener("click", () => hears.help());
  next.addEventListener("click", () => hears.next());

  const place = document.querySelector(`.top nav a[href="${url}"]`);

  /** The header counts as the server wrote it, and as it is now. @param {number} waiting */
  function inHeader(waiting) {
    if (!place) return;
    const old = place.querySelector(".waiting");
    if (!waiting) return old?.remove();
    const mark = old ?? place.appendChild(h("span.waiting"));
    if (mark.firstChild?.textContent !== String(waiting))
      mark.replaceChildren(String(waiting), h("span.visually-hidden", {}, ` ${text.say("waiting")}`));
  }

  return {
    ...saved,
    /** @param {{waiting: number|null, done: boolean}} state  done: nothing in this case waits for me */
    show({ waiting, done }) {
      write(count, waiting === null ? "" : text.say(waiting ? "cases_wait" : "no_case_waits", { n: waiting }));
      next.classList.toggle("solid", done);
      if (waiting !== null) inHeader(waiting);
    },
  };
}
