// @ts-check
/** Lists the writes that the server refused, and what can be done with each. */

import { find, h } from "./dom.js";
import { createModal } from "./modal.js";

/**
 * @template {import("./types.js").PendingWrite} L
 * @param {{pendingWrites: import("./pending-writes.js").PendingWrites<L>, text: import("./text.js").Text,
 *   words: {title: (pendingWrite: L) => string, kind: (pendingWrite: L) => string, lines: (pendingWrite: L) => string[]},
 *   callbacks: {open: (pendingWrite: L) => Promise<string>, again: (pendingWrite: L) => void, discarded: (pendingWrite: L) => void,
 *     changed: () => void}}} options  open says why it could not, or nothing
 */
export function createRefusedWrites({ pendingWrites, text, words, callbacks }) {
  const modal = createModal("refused-writes");
  const list = find(modal.dialog, "ul");

  function draw() {
    const refused = pendingWrites.refused();
    list.replaceChildren(...refused.map(entry));
    if (!refused.length && modal.dialog.open) modal.close();
    callbacks.changed();
  }

  /** @param {L} pendingWrite */
  function entry(pendingWrite) {
    const outcome = h("p.text-small", { role: "status" });
    const { refusal } = pendingWrite;
    const fields = Object.entries(refusal?.fields ?? {}).map(([name, fault]) => `${name}: ${fault}`);
    const act = (/** @type {string} */ key, /** @type {() => void} */ run) =>
      h("button.button", { type: "button", click: run }, text.say(key));
    return h(
      "li",
      {},
      h("p", {}, h("b", {}, words.title(pendingWrite))),
      h("p.text-small.text-secondary", {}, words.kind(pendingWrite)),
      ...words.lines(pendingWrite).map((line) => h("p.text-small", {}, line)),
      h("p.error-message", {}, [refusal?.message, ...fields].join(" ")),
      h(
        "p.action-row",
        {},
        act("aside_open", async () => {
          outcome.textContent = await callbacks.open(pendingWrite);
          if (!outcome.textContent) modal.close();
          callbacks.changed();
        }),
        act("try_again", () => {
          callbacks.again(pendingWrite);
          draw();
        }),
        act("aside_copy", async () => {
          outcome.textContent = text.say(
            (await copy([words.title(pendingWrite), ...words.lines(pendingWrite)].join("\n")))
              ? "aside_copied"
              : "aside_not_copied",
          );
        }),
        act("aside_discard", () => {
          pendingWrites.remove(pendingWrite.key);
          callbacks.discarded(pendingWrite);
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
