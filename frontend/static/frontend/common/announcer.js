// @ts-check
/** Shows messages above the sample and announces them to screen readers. */

import { byId, h } from "./dom.js";

/** @typedef {{label: string, run: () => void}} Action */

export function createAnnouncer() {
  const line = byId("notice");
  const live = byId("live-region");
  let about = "";

  return {
    /**
     * Show a line until it is settled or another one takes its place.
     * @param {string} subject  by which `settle` knows it
     * @param {string} words
     * @param {Action[]} [actions]
     */
    show(subject, words, actions = []) {
      about = subject;
      line.dataset.about = subject;
      line.replaceChildren(
        h("span", {}, words),
        ...actions.map(({ label, run }) => h("button.link-button", { type: "button", click: run }, label)),
      );
      line.hidden = false;
    },
    /** @param {string} [subject]  only if the line is about this */
    settle(subject) {
      if (subject !== undefined && subject !== about) return;
      about = "";
      line.hidden = true;
    },
    /** Read out, not shown. @param {string} words */
    announce(words) {
      // The same words twice are two events; a space makes them differ.
      live.textContent = live.textContent === words ? `${words} ` : words;
    },
  };
}
