// @ts-check
/** Asks why a sample is skipped. */

import { find } from "../common/dom.js";
import { createModal } from "../common/modal.js";

/**
 * @param {import("../common/text.js").Text} text
 * @param {(reason: string, note: string) => void} skipped
 */
export function createSkipDialog(text, skipped) {
  const modal = createModal("skip");
  /** @type {HTMLFormElement} */
  const form = find(modal.dialog, "form");
  /** @type {HTMLTextAreaElement} */
  const note = find(form, "textarea");
  const wrong = find(form, ".field-error");

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = String(new FormData(form).get("reason") ?? "");
    const words = note.value.trim();
    const fault = !reason ? "skip_needs_reason" : reason === "other" && !words ? "skip_needs_words" : "";
    wrong.textContent = fault && text.say(fault);
    wrong.hidden = !fault;
    if (fault === "skip_needs_words") note.focus();
    if (fault) return;
    modal.close();
    skipped(reason, words);
  });

  return {
    /** @param {string} [reason]  chosen from the start */
    open(reason = "") {
      form.reset();
      wrong.hidden = true;
      for (const input of form.querySelectorAll("input")) input.checked = input.value === reason;
      modal.open();
      find(form, "input:checked, input").focus();
    },
  };
}
