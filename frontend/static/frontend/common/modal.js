// @ts-check
/** Opens and closes the dialogs of the template. */

import { dialogById } from "./dom.js";

/**
 * @param {string} id
 * @param {{closed?: () => void}} [callbacks]
 */
export function createModal(id, { closed = () => undefined } = {}) {
  const dialog = dialogById(id);
  dialog.addEventListener("close", closed);
  dialog.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target === dialog || target.closest("[data-close]")) dialog.close();
  });
  return {
    dialog,
    open() {
      if (!dialog.open) dialog.showModal();
    },
    close: () => dialog.close(),
  };
}
