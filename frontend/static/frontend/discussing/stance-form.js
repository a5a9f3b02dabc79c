// @ts-check
/** Shows the form for my stance: levels, listed reasons and words. */

import { byId, find, h, write } from "../common/dom.js";
import { shade } from "../common/levels.js";

/** @typedef {import("./types.js").Dimension} Dimension */
/** @typedef {import("./types.js").Reason} Reason */
/** @typedef {import("./stance-rules.js").StanceOptions} StanceOptions */
/** @typedef {ReturnType<typeof createStanceForm>} StanceForm */
/**
 * @typedef {{choose: (value: number) => void, because: (code: string) => void, say: () => void, comment: () => void,
 *   undo: () => void, typed: (words: string) => void, explain: () => void}} Callbacks
 */

/** Reasons that speak of a side of the answer, and the first block of that side. @type {Record<string, string>} */
const SIDES = { picture: "I1", text: "T1" };

/**
 * @param {{reasons: Reason[], text: import("../common/text.js").Text, callbacks: Callbacks}} options
 */
export function createStanceForm({ reasons, text, callbacks }) {
  const root = byId("stance");
  const title = find(root, "h2");
  const group = find(root, ".level-keys");
  const list = find(root, ".stance-reasons");
  const hint = find(root, ".stance-hint");
  const form = find(root, ".stance-words");
  /** @type {HTMLTextAreaElement} */
  const field = find(root, "textarea");
  const say = find(root, "[data-do=say]");
  const comment = find(root, "[data-do=comment]");
  const sent = find(root, ".stance-sent");
  const sentWords = find(sent, "span");
  const chips = reasons.map(({ code, key, label }) =>
    h(
      "button.stance-reason",
      { type: "button", "data-code": code, "aria-keyshortcuts": key, click: () => callbacks.because(code) },
      h("kbd", {}, key),
      h("span", {}, label),
    ),
  );
  list.replaceChildren(...chips);
  /** @type {HTMLElement[]} */
  let keys = [];
  let about = "";

  field.addEventListener("input", () => callbacks.typed(field.value));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      callbacks.say();
    } else if (event.key === "Escape") {
      event.preventDefault();
      field.blur();
    }
  });
  say.addEventListener("click", () => callbacks.say());
  comment.addEventListener("click", () => callbacks.comment());
  find(root, "[data-do=levels]").addEventListener("click", () => callbacks.explain());
  find(sent, "button").addEventListener("click", () => callbacks.undo());

  /** @param {Dimension} dimension */
  function begin(dimension) {
    const { levels } = dimension;
    about = dimension.key;
    keys = levels.map((level, place) =>
      h(
        `button.level-key.level-key-${shade(place, levels.length)}`,
        { type: "button", role: "radio", click: () => callbacks.choose(level.value) },
        String(level.value),
        h("i", {}, level.label),
      ),
    );
    group.replaceChildren(...keys);
    group.style.setProperty("--levels", String(levels.length));
  }

  /**
   * @param {{dimension: Dimension, stanceOptions: StanceOptions, words: string, undo: string, blocks: Set<string>}} state
   *   undo: what can be taken back; blocks: what the sample has
   */
  function show({ dimension, stanceOptions, words, undo, blocks }) {
    const { phase, chosen, moves, shown, turn, fits } = stanceOptions;
    if (about !== dimension.key) begin(dimension);
    root.hidden = phase === "nothing";
    if (root.hidden) return;
    root.dataset.phase = phase;
    write(title, text.say(phase === "stance" ? "my_stance" : "my_reason", { key: dimension.key }));
    dimension.levels.forEach(({ value, label }, place) => {
      const who = shown.get(value) ?? [];
      const key = keys[place];
      key.setAttribute("aria-checked", String(value === chosen));
      key.tabIndex = value === chosen || (chosen === null && place === 0) ? 0 : -1;
      key.classList.toggle("is-marked", who.length > 0);
      const spoken = [value, label, who.length ? text.say("stand_here", { who: text.list(who) }) : ""];
      key.setAttribute("aria-label", spoken.filter((part) => part !== "").join(", "));
    });
    chips.forEach((chip, index) => {
      const { code, fits: at } = reasons[index];
      chip.hidden = phase === "sent" || !at.includes(fits) || (code in SIDES && !blocks.has(SIDES[code]));
    });
    list.setAttribute("aria-label", text.say(fits === "move" ? "reasons_to_move" : "reasons_listed"));
    if (field.value !== words) field.value = words;
    const hasWords = words.trim() !== "";
    form.hidden = phase === "sent";
    field.placeholder = text.say(phase === "reason" ? "why_reason" : moves ? "why_move" : "why_keep", {
      value: chosen ?? "",
    });
    const ready =
      phase === "reason"
        ? hasWords && chosen !== null
        : moves
          ? hasWords || shown.has(chosen ?? NaN)
          : turn || hasWords;
    write(
      find(say, "span"),
      text.say(phase === "reason" ? "give_reason" : moves ? "move_to" : "keep_value", { value: chosen ?? "" }),
    );
    say.classList.toggle("is-primary", ready);
    say.setAttribute("aria-disabled", String(!ready));
    comment.hidden = phase !== "stance" || !hasWords;
    write(
      hint,
      text.say(
        phase === "sent"
          ? "hint_sent"
          : chosen === null
            ? "hint_value"
            : phase === "reason"
              ? "hint_reason"
              : moves
                ? "hint_move"
                : shown.size
                  ? "hint_adopt"
                  : "hint_stance",
      ),
    );
    sent.hidden = undo === "";
    hint.hidden = !sent.hidden;
    write(sentWords, undo);
  }

  return {
    show,
    hide: () => void (root.hidden = true),
    write: () => !root.hidden && !form.hidden && field.focus(),
    /** Is somebody writing there? */
    isBusy: () => document.activeElement === field,
    /** The reason with this key, if it is on offer. @param {string} key */
    reasonFor: (key) => reasons.find((reason, index) => reason.key === key && !root.hidden && !chips[index].hidden),
  };
}
