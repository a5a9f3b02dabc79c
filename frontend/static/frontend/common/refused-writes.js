// @ts-check
/** "1 needs you": letters that the server refused, what it said, and what can be done with each. */

import { find, h } from "./dom.js";
import { createModal } from "./modal.js";

/**
 * @template {import("./types.js").Letter} L
 * @param {{letters: import("./pending-writes.js").Letters<L>, text: import("./text.js").Text,
 *   words: {title: (letter: L) => string, kind: (letter: L) => string, said: (letter: L) => string[]},
 *   hears: {open: (letter: L) => Promise<string>, again: (letter: L) => void, discarded: (letter: L) => void,
 *     changed: () => void}}} given  open says why it could not, or nothing
 */
export function createAside({ letters, text, words, hears }) {
  const modal = createModal("aside");
  const list = find(modal.dialog, "ul");

  function draw() {
    const refused = letters.refused();
    list.replaceChildren(...refused.map(entry));
    if (!refused.length && modal.dialog.open) modal.close();
    hears.changed();
  }

  /** @param {L} letter */
  function entry(letter) {
    const outcome = h("p.text-small", { role: "status" });
    const { refusal } = letter;
    const fields = Object.entries(refusal?.fields ?? {}).map(([name, fault]) => `${name}: ${fault}`);
    const act = (/** @type {string} */ key, /** @type {() => void} */ run) =>
      h("button.btn", { type: "button", click: run }, text.say(key));
    return h(
      "li",
      {},
      h("p", {}, h("b", {}, words.title(letter))),
      h("p.text-small.text-secondary", {}, words.kind(letter)),
      ...words.said(letter).map((line) => h("p.text-small", {}, line)),
      h("p.refused", {}, [refusal?.message, ...fields].join(" ")),
      h(
        "p.action-row",
        {},
        act("aside_open", async () => {
          outcome.textContent = await hears.open(letter);
          if (!outcome.textContent) modal.close();
          hears.changed();
        }),
        act("try_again", () => {
          hears.again(letter);
          draw();
        }),
        act("aside_copy", async () => {
          outcome.textContent = text.say(
            (await copy([words.title(letter), ...words.said(letter)].join("\n"))) ? "aside_copied" : "aside_not_copied",
          );
        }),
        act("aside_discard", () => {
          letters.remove(letter.key);
          hears.discarded(letter);
          draw();
        }),
      ),
      outcome,
    );
  }

  return {
    open() {
      draw();
      modal.open();
    },
  };
}

/** @param {string} words */
async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return false;
  }
}
