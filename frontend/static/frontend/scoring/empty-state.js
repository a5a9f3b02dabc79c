// @ts-check
/** Shows why there is no sample. */

import { byId, h } from "../common/dom.js";

/**
 * @param {import("../common/text.js").Text} text
 * @param {() => void} again
 */
export function createEmptyState(text, again) {
  const screen = byId("scoring");
  const panel = byId("panel");
  const stage = byId("empty-state");
  let shown = "loading";

  return {
    /**
     * @param {string} reason  empty: there is a sample
     * @returns {string} what is to be read out; nothing where the same stood there before
     */
    show(reason) {
      if (reason === shown) return "";
      shown = reason;
      // What goes now would take the focus with it.
      const leads = [panel, stage].some((part) => part.contains(document.activeElement));
      screen.classList.toggle("is-empty", Boolean(reason));
      stage.classList.toggle("is-shown", Boolean(reason));
      stage.replaceChildren();
      if (!reason) return "";
      const known = text.has(`empty_${reason}`) ? reason : "loading";
      const [title, why] = [text.say(`empty_${known}`), text.say(`empty_${known}_why`)];
      const heading = h("h1", { tabindex: -1 }, title);
      stage.append(heading, h("p.text-secondary", {}, why));
      const look = () => h("button.button", { type: "button", click: again }, text.say("look_again"));
      if (known !== "loading") stage.append(h("p", {}, look()));
      if (leads) heading.focus();
      return `${title}. ${why}`;
    },
  };
}
