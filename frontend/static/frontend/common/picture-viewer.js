// @ts-check
/** Shows one picture large: fit, 1:1, 2x, zoom and panning by pointer or keys. */

import { find, write } from "./dom.js";
import { listenToPointerGestures } from "./pointer-gestures.js";
import { createModal } from "./modal.js";
import { fitScale, keepInside, scaleAround } from "./zoom.js";

/** @typedef {import("./types.js").Picture} Picture */

const STEP = 1.25;
const MOST = 8;
const PAN = 80;

/**
 * @param {import("./text.js").Text} text
 * @param {{opened: (index: number) => void}} callbacks
 */
export function createPictureViewer(text, callbacks) {
  const modal = createModal("viewer");
  const glass = find(modal.dialog, ".picture-viewer-canvas");
  const title = find(modal.dialog, ".viewer-title");
  const image = /** @type {HTMLImageElement} */ (find(modal.dialog, "img"));
  const modes = /** @type {NodeListOf<HTMLElement>} */ (modal.dialog.querySelectorAll("[data-mode]"));
  /** @type {Picture[]} */
  let pictures = [];
  let index = 0;
  let place = { scale: 1, x: 0, y: 0 };
  /** @type {"fit"|"1"|"2"|""} */
  let mode = "fit";

  const naturalScale = () => 1 / (window.devicePixelRatio || 1);
  const space = () => ({ width: glass.clientWidth, height: glass.clientHeight });
  const middle = () => ({ x: glass.clientWidth / 2, y: glass.clientHeight / 2 });
  const size = () => pictures[index].block;

  function draw() {
    place = keepInside(place, size(), space());
    image.style.transform = `translate(${place.x}px, ${place.y}px) scale(${place.scale})`;
    for (const button of modes) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    const percent = Math.round((place.scale / naturalScale()) * 100);
    write(title, text.say("viewing", { name: size().number, n: index + 1, of: pictures.length, percent }));
    if (place.scale >= naturalScale() * 0.999) void loadFullPicture(pictures[index]);
  }

  /** The web copy fills the window; from 1:1 on the full picture is needed, and counts as seen once it is here. */
  async function loadFullPicture(/** @type {Picture} */ picture) {
    if (image.dataset.full === picture.block.full_url) return;
    image.dataset.full = picture.block.full_url;
    const full = new Image();
    full.src = picture.block.full_url;
    try {
      await full.decode();
      if (pictures[index] !== picture) return;
      image.src = full.src;
      picture.markSeen();
    } catch {
      delete image.dataset.full;
      if (pictures[index] === picture) write(title, text.say("full_failed", { name: picture.block.number }));
    }
  }

  /** @param {number} scale @param {{x: number, y: number}} [around] */
  function zoom(scale, around = middle()) {
    mode = "";
    const least = Math.min(fitScale(size(), space(), naturalScale()), naturalScale());
    place = scaleAround(place, Math.min(MOST * naturalScale(), Math.max(least, scale)), around);
    draw();
  }

  /** @param {string} wanted */
  function setMode(wanted) {
    if (wanted === "fit") place = { scale: fitScale(size(), space(), naturalScale()), x: 0, y: 0 };
    else zoom(naturalScale() * Number(wanted));
    mode = /** @type {typeof mode} */ (wanted);
    draw();
  }

  /** @param {number} step */
  function turn(step) {
    if (index + step < 0 || index + step >= pictures.length) return;
    index += step;
    const { block } = pictures[index];
    delete image.dataset.full;
    image.width = block.width;
    image.height = block.height;
    image.src = block.url;
    image.alt = text.say("picture_alt", { name: block.number });
    find(modal.dialog, "[data-turn='-1']").toggleAttribute("disabled", index === 0);
    find(modal.dialog, "[data-turn='1']").toggleAttribute("disabled", index === pictures.length - 1);
    setMode("fit");
    callbacks.opened(index);
  }

  /** @param {number} x @param {number} y */
  function pan(x, y) {
    place = { ...place, x: place.x + x, y: place.y + y };
    draw();
  }

  /** @type {Record<string, () => void>} */
  const keys = {
    "+": () => zoom(place.scale * STEP),
    "=": () => zoom(place.scale * STEP),
    "-": () => zoom(place.scale / STEP),
    0: () => setMode("fit"),
    1: () => setMode("1"),
    2: () => setMode("2"),
    "[": () => turn(-1),
    "]": () => turn(1),
    z: () => setMode(mode === "fit" ? "1" : mode === "1" ? "2" : "fit"),
    ArrowLeft: () => pan(PAN, 0),
    ArrowRight: () => pan(-PAN, 0),
    ArrowUp: () => pan(0, PAN),
    ArrowDown: () => pan(0, -PAN),
  };

  modal.dialog.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  modal.dialog.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest("button"));
    if (button?.dataset.mode) setMode(button.dataset.mode);
    else if (button?.dataset.turn) turn(Number(button.dataset.turn));
    else if (button?.dataset.zoom) zoom(place.scale * STEP ** Number(button.dataset.zoom));
  });
  glass.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoom(place.scale * STEP ** -Math.sign(event.deltaY), { x: event.offsetX, y: event.offsetY });
    },
    { passive: false },
  );
  listenToPointerGestures(glass, { pan, pinch: (factor, around) => zoom(place.scale * factor, around) });
  addEventListener("resize", () => modal.dialog.open && (mode === "fit" ? setMode("fit") : draw()));

  /** @param {Picture[]} list @param {number} at */
  function open(list, at) {
    if (!list.length) return;
    pictures = list;
    modal.open();
    index = at;
    turn(0);
    glass.focus();
  }

  return { open };
}
