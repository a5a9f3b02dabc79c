// @ts-check
/** Shows why there is no case, and what to do instead. */

import { byId, h } from "../common/dom.js";

/**
 * @param {import("../common/text.js").Text} text
 * @param {{again: () => void, score: string}} options  score: where there is something else to do
 */
export function createEmptyState(text, { again, score }) {
  const screen = byId("discussing");
  const place = byId("empty-state");
  let shown = "loading";

  return {
    /** @param {string} reason  empty: there is a case */
    show(reason) {
      if (reason === shown) return;
      shown = reason;
      screen.classList.toggle("is-empty", Boolean(reason));
      place.classList.toggle("is-shown", Boolean(reason));
      if (!reason) return place.replaceChildren();
      place.replaceChildren(
        h("h1", {}, text.say(`empty_${reason}`)),
        h("p.text-secondary", {}, text.say(`empty_${reason}_why`)),
      );
      if (reason === "loading") return;
      place.append(
        h(
          "p.action-row",
          {},
          reason === "nothing_waits" && h("a.button.is-primary", { href: score }, text.say("go_score")),
          h("button.button", { type: "button", click: again }, text.say("look_again")),
        ),
      );
    },
  };
}
