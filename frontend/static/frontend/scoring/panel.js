// @ts-check
/** Shows one row per dimension, with its levels, the chosen value and a note. */

import { find, h, icon, write } from "../common/dom.js";
import { drawAnchors, shade } from "../common/levels.js";
import { createNote } from "./notes.js";
import { createJudgeSuggestion } from "./judge-suggestion.js";

/** @typedef {import("./types.js").Dimension} Dimension */
/** @typedef {ReturnType<typeof createPanel>} Panel */
/**
 * @typedef {{ratings: Record<string, number|null>, own: Record<string, number|null>|null,
 *   judge: import("./types.js").Suggestion|null, notes: Record<string, string>,
 *   locked: Record<string, import("./types.js").Lock>, here: number, lapsed: boolean, readOnly: boolean,
 *   takesNotes: boolean}} View
 * @typedef {{rate: (index: number, value: number) => void, adopt: () => void, keepOwn: () => void,
 *   focus: (index: number) => void, note: (key: string, note: string) => void, explain: (index: number) => void}} Callbacks
 */

/**
 * @param {{root: HTMLElement, dimensions: Dimension[], text: import("../common/text.js").Text, callbacks: Callbacks}} options
 */
export function createPanel({ root, dimensions, text, callbacks }) {
  const rows = dimensions.map((dimension, index) => buildRow(dimension, index, text, callbacks));
  find(root, ".key-hints").before(...rows.map((row) => row.node));
  root.style.setProperty("--dims", String(dimensions.length));
  return {
    /** @param {View} view */
    show(view) {
      rows.forEach((row, index) => row.show(view, index === view.here));
    },
    /** Put the focus on a dimension's chosen key, or on its first. @param {number} index */
    focus: (index) => rows[index].focus(),
    /** @param {number} index */
    editNote: (index) => rows[index].note.edit(),
    /** Is the focus on one of the keys, so that it may be moved to another row without taking it from anything? */
    hasFocus: () => root.contains(document.activeElement) || document.activeElement === document.body,
  };
}

/**
 * @param {Dimension} dimension
 * @param {number} index
 * @param {import("../common/text.js").Text} text
 * @param {Callbacks} callbacks
 */
function buildRow(dimension, index, text, callbacks) {
  const { levels } = dimension;
  const id = `dim-${index}`;
  const mark = h("span.score-value");
  const keys = levels.map((level, place) =>
    h(
      `button.level-key.level-key-${shade(place, levels.length)}`,
      {
        type: "button",
        role: "radio",
        "aria-checked": "false",
        tabindex: -1,
        click: () => callbacks.rate(index, level.value),
      },
      String(level.value),
      h("i", {}, level.label),
    ),
  );
  const group = h(
    "div.level-keys",
    { role: "radiogroup", "aria-labelledby": id, "aria-describedby": `${id}-judge ${id}-chosen` },
    ...keys,
  );
  group.style.setProperty("--levels", String(levels.length));
  const judgeSuggestion = createJudgeSuggestion(dimension, {
    id: `${id}-judge`,
    text,
    callbacks: { keep: callbacks.keepOwn, adopt: callbacks.adopt },
  });
  group.append(judgeSuggestion.band);
  const anchors = drawAnchors(dimension);
  const lock = icon("lock");
  const words = h("span");
  const chosen = h("p.score-chosen", { id: `${id}-chosen` }, lock, words);
  const note = createNote(
    dimension,
    text,
    (value) => callbacks.note(dimension.key, value),
    () => focus(),
  );
  const node = h(
    "section.score-row",
    { "aria-labelledby": id },
    h(
      "button.score-name",
      { type: "button", tabindex: -1, click: () => callbacks.focus(index) },
      h("span", { id }, h("b", {}, dimension.key), " ", h("span.score-full-name", {}, dimension.name)),
      mark,
    ),
    h(
      "div.score-more",
      {},
      h("span", {}, dimension.name),
      h(
        "button.link-button",
        { type: "button", "aria-label": text.say("what_levels_mean"), click: () => callbacks.explain(index) },
        text.say("levels"),
      ),
      h("button.link-button", { type: "button", click: () => note.edit() }, text.say("note")),
    ),
    group,
    judgeSuggestion.node,
    h(levels.some((level) => level.label) ? "ol.level-anchors" : "ol.level-anchors.is-unlabelled", {}, ...anchors),
    chosen,
    note.node,
  );
  group.addEventListener("focusin", () => callbacks.focus(index));

  function focus() {
    const open = keys.find((key) => key.tabIndex === 0) ?? keys[0];
    open.focus({ preventScroll: false });
  }

  let drawn = "";
  /** @param {View} view @param {boolean} here */
  function show(view, here) {
    const locked = view.locked[dimension.key];
    const value = locked ? locked.value : view.ratings[dimension.key];
    const own = locked ? undefined : view.own?.[dimension.key];
    const judged = locked ? undefined : view.judge?.ratings[dimension.key];
    const signature = JSON.stringify([value, own, view.judge, locked, here, view.lapsed, view.readOnly]);
    note.show(view.notes[dimension.key] ?? "", { here, closed: Boolean(locked) || !view.takesNotes });
    if (signature === drawn) return;
    drawn = signature;
    node.classList.toggle("is-current", here);
    node.classList.toggle("is-locked", Boolean(locked));
    node.classList.toggle("is-judge-shown", judged !== undefined);
    const { lapsed, readOnly } = view;
    judgeSuggestion.show({ judge: locked ? null : view.judge, own, value, here, lapsed, answering: !readOnly });
    group.toggleAttribute("aria-disabled", false);
    const silent = own !== undefined && own !== null && judged === undefined;
    if (locked || view.readOnly || silent) group.setAttribute("aria-disabled", "true");
    const place = levels.findIndex((level) => level.value === value);
    const ownPlace = levels.findIndex((level) => level.value === own);
    const judgedPlace = levels.findIndex((level) => level.value === judged);
    const first = place >= 0 ? place : Math.max(ownPlace, 0);
    keys.forEach((key, at) => {
      const { value: level, label } = levels[at];
      const marks = [at === judgedPlace && text.say("key_judged"), at === ownPlace && text.say("key_own")];
      key.setAttribute(
        "aria-label",
        [level, label, ...marks].filter((part) => part !== "" && part !== false).join(", "),
      );
      key.classList.toggle("is-judge-value", at === judgedPlace);
      key.classList.toggle("is-own-value", at === ownPlace && at !== place);
      key.setAttribute("aria-checked", String(at === place));
      key.tabIndex = at === first ? 0 : -1;
      /** @type {HTMLButtonElement} */ (key).disabled = Boolean(locked);
      anchors[at].classList.toggle("is-chosen", at === place);
    });
    mark.className =
      place >= 0 && !locked ? `score-value level-chip level-${shade(place, levels.length)}` : "score-value text-quiet";
    const unanswered = place < 0 && judged !== undefined ? [icon("judge"), String(judged)] : [];
    mark.replaceChildren(
      place >= 0 ? String(value) : unanswered.length ? String(own ?? "") : "–",
      ...unanswered,
      ...(locked ? [icon("lock")] : []),
    );
    lock.toggleAttribute("hidden", !locked);
    const explained = place >= 0 ? place : ownPlace;
    chosen.hidden = !locked && explained < 0;
    if (locked) write(words, describeLock(dimension, locked, text));
    else if (explained >= 0) say(levels[explained]);
  }

  /** @param {import("./types.js").Level} level */
  function say({ label, anchor }) {
    words.replaceChildren(...(label ? [h("b", {}, anchor ? `${label}. ` : label)] : []), anchor);
  }

  return { node, note, show, focus };
}

/**
 * @param {Dimension} dimension
 * @param {import("./types.js").Lock} lock
 * @param {import("../common/text.js").Text} text
 */
function describeLock({ needs }, { why, value }, text) {
  const both = needs.includes("text") && needs.includes("image") ? "both_" : "";
  const key = why === "no_text_no_image" ? why : both + why;
  return text.say(`locked_${key}`, { value: value === null ? text.say("not_applicable") : value });
}
