// @ts-check
/** What stands in the place of a sample while there is none, and why. */

import { byId, h } from "../common/dom.js";

/**
 * @param {import("../common/text.js").Text} text
 * @param {() => void} again
 */
export function createEmpty(text, again) {
  const screen = byId("scoring");
  const stage = byId("empty");
  let shown = "loading";

  return {
    /** @param {string} reason  empty: there is a sample */
    show(reason) {
      if (reason === shown) return;
      shown = reason;
      screen.classList.toggle("is-empty", Boolean(reason));
      stage.classList.toggle("on", Boolean(reason));
      if (!reason) return stage.replaceChildren();
      const known = text.has(`empty_${reason}`) ? reason : "loading";
      stage.replaceChildren(h("h1", {}, text.say(`empty_${known}`)), h("p.second", {}, text.say(`empty_${known}_why`)));
      if (known !== "loading") stage.append(h("p", {}, h("button.btn", { type: "button", click: again }, text.say("look_again"))));
    },
  };
}
