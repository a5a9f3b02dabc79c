// @ts-check
/** The review queue: a row's menu opens as a menu each time, and a new order does not wipe what is being written. */

document.addEventListener(
  "beforetoggle",
  (event) => {
    const { newState } = /** @type {ToggleEvent} */ (event);
    const menu = /** @type {HTMLElement} */ (event.target);
    if (newState === "open" && menu.matches(".row-menu")) menu.querySelector(".menu-step")?.replaceChildren();
  },
  { capture: true },
); // it does not bubble

document.addEventListener("htmx:beforeSwap", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.id !== "main" || !isBusy(target)) return;
  event.preventDefault();
  document.getElementById("queue-newer")?.removeAttribute("hidden");
});

/** @param {HTMLElement} main */
function isBusy(main) {
  const filters = /** @type {HTMLFormElement | null} */ (main.querySelector("form.filters"));
  return Boolean(main.querySelector(".row-menu:popover-open")) || [...(filters?.elements ?? [])].some(isChanged);
}

/** @param {Element} field */
function isChanged(field) {
  if (field instanceof HTMLSelectElement) {
    const sent = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(0, sent);
  }
  return field instanceof HTMLInputElement && field.value !== field.defaultValue;
}
