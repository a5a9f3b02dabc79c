// @ts-check
/** Shows the sample of a case, and scrolls to its blocks. */

import { byId } from "../common/dom.js";

/** @typedef {import("../common/types.js").Built} Built */
/** @typedef {ReturnType<typeof createSamplePane>} SamplePane */

const FLASH = 1_600;

/** @param {{picked: (picture: number) => void}} callbacks  a mention led to a picture */
export function createSamplePane(callbacks) {
  const screen = byId("discussing");
  const root = byId("sample");
  const panes = /** @type {NodeListOf<HTMLElement>} */ (screen.querySelectorAll("[data-show]"));
  /** @type {Built|null} */
  let on = null;

  /** @param {string} pane */
  function turn(pane) {
    screen.dataset.pane = pane;
    for (const button of panes) button.setAttribute("aria-pressed", String(button.dataset.show === pane));
  }

  /** @param {Built|null} built */
  function show(built) {
    if (built === on) return;
    // Links to T1 must find the block of the sample that is shown; the others lie ready beside it.
    for (const block of on?.stage.querySelectorAll("[data-block]") ?? []) block.removeAttribute("id");
    on?.stage.classList.remove("is-shown");
    on = built;
    if (!built) return;
    for (const block of built.stage.querySelectorAll("[data-block]")) block.id = block.getAttribute("data-block") ?? "";
    if (built.stage.parentNode !== root) root.append(built.stage);
    built.stage.classList.add("is-shown");
    turn("case");
  }

  /** Bring a block into view and mark it for a moment. @param {string} number */
  function reveal(number) {
    const block = on?.stage.querySelector(`[data-block="${number}"]`);
    if (!on || !block) return;
    turn("sample");
    const picture = on.pictures.findIndex(({ figure }) => figure === block);
    if (picture >= 0) callbacks.picked(picture);
    const reducesMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    block.scrollIntoView({ block: "nearest", behavior: reducesMotion ? "auto" : "smooth" });
    block.classList.add("is-highlighted");
    setTimeout(() => block.classList.remove("is-highlighted"), FLASH);
  }

  for (const button of panes) button.addEventListener("click", () => turn(button.dataset.show ?? "case"));
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest?.("a.block-link");
    if (!link) return;
    event.preventDefault();
    reveal(link.textContent ?? "");
  });

  return { show, reveal, turn, built: () => on };
}
