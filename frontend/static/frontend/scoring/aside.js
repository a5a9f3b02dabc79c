// @ts-check
/** "1 needs you": letters that the server refused, what it said, and what can be done with each. */

import { find, h } from "./dom.js";
import { createModal } from "./modal.js";

/** @typedef {import("./types.js").Letter} Letter */

/**
 * @param {{letters: import("./letters.js").Letters, drafts: import("./drafts.js").Drafts,
 *   text: import("./text.js").Text,
 *   hears: {open: (letter: Letter) => Promise<string>, again: (letter: Letter) => void, changed: () => void}}} given
 */
export function createAside({ letters, drafts, text, hears }) {
  const modal = createModal("aside");
  const list = find(modal.dialog, "ul");

  function draw() {
    const refused = letters.refused();
    list.replaceChildren(...refused.map(entry));
    if (!refused.length && modal.dialog.open) modal.close();
    hears.changed();
  }

  /** @param {Letter} letter */
  function entry(letter) {
    const outcome = h("p.small", { role: "status" });
    const { refusal } = letter;
    const fields = Object.entries(refusal?.fields ?? {}).map(([name, fault]) => `${name}: ${fault}`);
    const act = (/** @type {string} */ key, /** @type {() => void} */ run) =>
      h("button.btn", { type: "button", click: run }, text.say(key));
    return h("li", {},
      h("p", {}, h("b", {}, letter.label || letter.assignment)),
      h("p.small.second", {}, text.say(letter.kind === "skip" ? "aside_skip" : "aside_submit", { time: text.time(letter.at) })),
      letter.ratings && h("p.small", {}, valuesOf(letter)),
      h("p.refused", {}, [refusal?.message, ...fields].join(" ")),
      h("p.acts", {},
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
          outcome.textContent = text.say((await copy(textOf(letter))) ? "aside_copied" : "aside_not_copied");
        }),
        act("aside_discard", () => {
          letters.remove(letter.key);
          if (drafts.load(letter.assignment).key === letter.key) drafts.remove(letter.assignment);
          draw();
        })),
      outcome);
  }

  /** @param {Letter} letter */
  const valuesOf = ({ ratings = {} }) => Object.entries(ratings).map(([key, value]) => `${key} ${value}`).join(", ");

  /** @param {Letter} letter */
  function textOf(letter) {
    const notes = Object.entries(letter.notes ?? {}).map(([key, note]) => `${key}: ${note}`);
    return [letter.label, letter.assignment, valuesOf(letter) || `${letter.reason} ${letter.note}`, ...notes].join("\n");
  }

  return {
    open() {
      draw();
      modal.open();
    },
    refresh: () => modal.dialog.open && draw(),
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
