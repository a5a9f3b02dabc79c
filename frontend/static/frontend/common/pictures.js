// @ts-check
/** Loads and decodes a sample's pictures, and shows how far each has been looked at. */

import { h, icon, write } from "./dom.js";

/** @typedef {import("./types.js").Picture} Picture */
/** @typedef {import("./types.js").PictureBlock} PictureBlock */
/** @typedef {{open: (picture: Picture) => void, cannotScore?: () => void, changed: (picture: Picture) => void}} Callbacks */

/**
 * @param {PictureBlock} block
 * @param {boolean} first  the first picture leads on a phone
 * @param {import("./text.js").Text} text
 * @param {Callbacks} callbacks
 * @returns {Picture}
 */
export function createPicture(block, first, text, callbacks) {
  const dot = createDot(text);
  const frame = h("button.picture-frame", {
    type: "button",
    "aria-label": text.say("open_picture", { name: block.number }),
    click: () => callbacks.open(picture),
  });
  frame.style.setProperty("--life", `${block.width}px`);
  const failure = h(
    "div.picture-placeholder",
    { hidden: true },
    h("span", {}, text.say("picture_failed")),
    h("span.text-small.text-quiet", {}, text.say("picture_failed_why")),
    h(
      "span.action-row",
      {},
      h("button.button", { type: "button", click: () => load() }, text.say("try_again")),
      callbacks.cannotScore &&
        h("button.button.is-borderless", { type: "button", click: callbacks.cannotScore }, text.say("cannot_score")),
    ),
  );
  const figure = h(
    `figure.sample-block.sample-picture${first ? ".is-first" : ""}`,
    { "data-block": block.number },
    h("span.block-number", {}, block.number),
    frame,
    failure,
    h(
      "figcaption",
      {},
      h("span", {}, `${block.number}, ${block.width} × ${block.height}`),
      dot.node,
      h("span.desktop-only", {}, h("kbd", {}, "z"), ` ${text.say("opens_it")}`),
    ),
  );

  /** @type {Picture} */
  const picture = { block, figure, state: "waiting", seen: false, ready: Promise.resolve(), retry, markSeen };

  /** An image that failed is not asked for again under the same element: every try has a new one. */
  function load() {
    const image = new Image(block.web_width, block.web_height);
    image.className = "picture-image";
    image.alt = text.say("picture_alt", { name: block.number });
    // The frame that shows a sample shows its pictures too; they are decoded by then.
    image.decoding = "sync";
    image.src = block.url;
    frame.replaceChildren(image);
    set("waiting");
    picture.ready = image.decode().then(
      () => set("loaded"),
      () => {
        if (frame.contains(image)) set("failed");
      },
    );
  }

  /** @param {Picture["state"]} state */
  function set(state) {
    picture.state = state;
    frame.hidden = state === "failed";
    failure.hidden = state !== "failed";
    dot.show(picture);
    callbacks.changed(picture);
  }

  function retry() {
    if (picture.state === "failed") load();
  }

  function markSeen() {
    picture.seen = true;
    dot.show(picture);
    callbacks.changed(picture);
  }

  load();
  return picture;
}

/**
 * A dot that says how far a picture has come: empty, half, full; the words stand beside it or are read out.
 * @param {import("./text.js").Text} text
 * @param {string} [name]  where the dot stands alone it carries the picture's name, and the words are only read out
 */
export function createDot(text, name) {
  const words = h(name ? "span.visually-hidden" : "span");
  const node = h("span.picture-status", {}, icon("dot-none"), name, words);
  return {
    node,
    /** @param {Picture} picture */
    show(picture) {
      const state = picture.state === "loaded" ? (picture.seen ? "seen" : "loaded") : "none";
      node.firstElementChild?.firstElementChild?.setAttribute("href", `#icon-dot-${state}`);
      write(words, (name ? " " : "") + text.say(picture.state === "failed" ? "picture_not_here" : `picture_${state}`));
    },
  };
}
