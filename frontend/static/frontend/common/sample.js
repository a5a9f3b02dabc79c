// @ts-check
/** Builds the page of a sample: its turns in order, each question before its numbered blocks. */

import { h } from "./dom.js";
import { createDot, createPicture } from "./pictures.js";

/** @typedef {import("./types.js").Picture} Picture */
/** @typedef {import("./types.js").Turn} Turn */
/** @typedef {import("./text.js").Text} Text */

/**
 * @param {import("./types.js").Sample} sample
 * @param {{text: Text, dimensions: import("./types.js").Dimension[], heading?: "h1"|"h2",
 *   callbacks: import("./pictures.js").Callbacks & {back: () => void}}} options
 * @returns {import("./types.js").Built}
 */
export function buildSample(sample, { text, dimensions, heading = "h1", callbacks }) {
  /** @type {Picture[]} */
  const pictures = [];
  /** @type {Map<Picture, ReturnType<typeof createDot>>} */
  const dots = new Map();
  const changed = (/** @type {Picture} */ picture) => {
    dots.get(picture)?.show(picture);
    callbacks.changed(picture);
  };
  const judged = sample.turns.filter((turn) => !turn.context).length;
  const line = h(
    "div.sample-header",
    {},
    h(
      "button.back-button.phone-only",
      { type: "button", "aria-label": text.say("previous_sample"), click: () => callbacks.back() },
      h("span", { "aria-hidden": "true" }, "‹"),
    ),
    h(heading, {}, text.say("sample", { id: sample.id })),
    h("span", {}, text.say("turns", { n: judged })),
  );

  const stage = h("article.sample-page", { tabindex: 0, "aria-label": text.say("sample_text") }, line);
  let question = 0;
  sample.turns.forEach((turn) => {
    question += 1;
    const section = h(
      `section.sample-turn${turn.context ? ".is-context" : ""}`,
      {},
      turn.context && h("p.context-note", {}, text.say("context")),
      turn.question &&
        h(
          "div.sample-block.question-block",
          { "data-block": `Q${question}` },
          h("p.question-text", {}, turn.question),
          h("span.block-number", {}, `Q${question}`),
        ),
    );
    for (const block of turn.blocks) {
      if (block.kind === "text")
        section.append(
          h(
            "div.sample-block",
            { "data-block": block.number },
            h("span.block-number", {}, block.number),
            drawText(block),
          ),
        );
      else {
        const first = pictures.length === 0 && !turn.context;
        const picture = createPicture(block, first, text, { ...callbacks, changed });
        pictures.push(picture);
        if (first)
          section.append(
            h(
              "p.picture-reference.sample-block",
              {},
              h("span.block-number", {}, block.number),
              text.say("picture_on_top"),
            ),
          );
        section.append(picture.figure);
      }
    }
    stage.append(section);
  });
  const missing = drawMissingSide(sample, dimensions, text);
  if (missing) stage.append(missing);
  line.append(pictures.length ? createDots(pictures, dots, text) : h("span.picture-list", {}, text.say("text_only")));
  return { stage, pictures };
}

/**
 * @param {Picture[]} pictures
 * @param {Map<Picture, ReturnType<typeof createDot>>} dots
 * @param {Text} text
 */
function createDots(pictures, dots, text) {
  for (const picture of pictures) {
    const dot = createDot(text, picture.block.number);
    dot.show(picture);
    dots.set(picture, dot);
  }
  return h("span.picture-list", {}, ...[...dots.values()].map((dot) => dot.node));
}

/** The server has rendered and cleaned the text; without that it is shown as it is. @param {import("./types.js").TextBlock} block */
function drawText(block) {
  const node = h("div.prose");
  if (block.html === undefined) node.append(h("p.plain-text", {}, block.text));
  // eslint-disable-next-line no-restricted-properties -- the server has cleaned it
  else node.innerHTML = block.html;
  return node;
}

/**
 * Says in the place of the missing text or picture that it is missing, and what follows.
 * @param {import("./types.js").Sample} sample
 * @param {import("./types.js").Dimension[]} dimensions
 * @param {Text} text
 */
function drawMissingSide({ locked }, dimensions, text) {
  const keys = dimensions.map((dimension) => dimension.key).filter((key) => key in locked);
  if (!keys.length) return null;
  const side = locked[keys[0]].why;
  const names = new Intl.ListFormat(document.documentElement.lang || "en").format(keys);
  return h(
    "div.sample-block.is-missing",
    {},
    h(
      "div.picture-placeholder.is-short",
      {},
      h("span", {}, text.say(`missing_${side}`)),
      h("span.text-small.text-quiet", {}, text.say("missing_follows", { names, n: keys.length })),
    ),
  );
}
