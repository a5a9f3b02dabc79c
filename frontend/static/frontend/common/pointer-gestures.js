// @ts-check
/** Recognizes dragging by one pointer and pinching by two. */

/** @typedef {{x: number, y: number}} Point */

/**
 * @param {HTMLElement} surface  whatever lies in it lets pointers through
 * @param {{pan: (x: number, y: number) => void, pinch: (factor: number, around: Point) => void}} callbacks
 */
export function listenToPointerGestures(surface, callbacks) {
  /** @type {Map<number, Point>} */
  const down = new Map();
  /** @param {PointerEvent} event @returns {Point} */
  const at = (event) => ({ x: event.offsetX, y: event.offsetY });

  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    surface.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
  });
  surface.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    down.set(event.pointerId, now);
    if (!other) return callbacks.pan(now.x - before.x, now.y - before.y);
    const around = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    callbacks.pinch(distance(now, other) / Math.max(1, distance(before, other)), around);
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
    surface.addEventListener(end, (event) => void down.delete(event.pointerId));
  }
}

/** @param {Point} a @param {Point} b */
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
