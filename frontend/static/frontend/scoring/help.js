// @ts-check
/** What helps without changing anything: the keys, the meaning of the levels, the way to a picture. */

import { find, h } from "./dom.js";
import { createModal } from "./modal.js";
import { shade } from "./panel.js";

/** @typedef {import("./types.js").Work} Work */

/**
 * @param {import("./types.js").Dimension[]} dimensions
 * @param {import("./text.js").Text} text
 */
export function createHelp(dimensions, text) {
  const keys = createModal("help");
  const levels = createModal("levels");

  return {
    open: keys.open,
    /** Every level of a dimension, where the panel is too narrow to show them. @param {number} index */
    explain(index) {
      const dimension = dimensions[index];
      find(levels.dialog, "h2").textContent = dimension.name;
      const about = find(levels.dialog, ".about");
      about.textContent = dimension.description;
      about.hidden = !dimension.description;
      find(levels.dialog, "ol").replaceChildren(...dimension.levels.map((level, place) => h("li", {},
        h(`span.lv.l${shade(place, dimension.levels.length)}`, {}, String(level.value)),
        h("b", {}, level.label), h("span", {}, level.anchor))));
      levels.open();
    },
    /**
     * Bring the next or the previous picture into view; `z` opens that one.
     * @param {{work: Work|null, picture: number}} state
     * @param {number} step
     */
    turnTo(state, step) {
      const pictures = state.work?.pictures ?? [];
      if (!pictures.length) return;
      const at = pictures.findIndex((picture) => picture.figure.classList.contains("at"));
      state.picture = at < 0 ? (step > 0 ? 0 : pictures.length - 1) : Math.min(pictures.length - 1, Math.max(0, at + step));
      pictures.forEach((picture, index) => picture.figure.classList.toggle("at", index === state.picture));
      pictures[state.picture].figure.scrollIntoView({ block: "nearest" });
    },
    /** The focus stays on the keys; the sample moves. @param {Work|null} work @param {number} step */
    scroll: (work, step) => work?.stage.scrollBy({ top: step * 0.85 * work.stage.clientHeight }),
  };
}
