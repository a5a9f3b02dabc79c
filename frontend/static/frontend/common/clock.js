// @ts-check
/** Counts active seconds: while the page is seen, has the focus and was touched a moment ago. */

/** @typedef {ReturnType<typeof createClock>} Clock */

/** Reading needs no hands, but not for longer than this. */
export const IDLE = 30_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "scroll", "touchstart", "input"];

/**
 * @param {{now?: () => number, awake?: () => boolean}} [options]  for tests: another clock, another attention
 */
export function createClock({ now = () => performance.now(), awake = isAttended } = {}) {
  let total = 0;
  let since = now();
  let touched = now();
  let wasAwake = awake();
  let running = false;

  function tick() {
    const moment = now();
    if (running && wasAwake) total += Math.max(0, Math.min(moment, touched + IDLE) - since);
    since = moment;
    wasAwake = awake();
  }

  function touch() {
    tick();
    touched = now();
  }

  return {
    tick,
    touch,
    /** Begin with what an earlier visit counted. @param {number} seconds */
    start(seconds) {
      tick();
      total = seconds * 1000;
      touched = now();
      running = true;
    },
    stop() {
      tick();
      running = false;
    },
    seconds() {
      tick();
      return Math.round(total / 100) / 10;
    },
    listen() {
      for (const sign of SIGNS) addEventListener(sign, touch, { capture: true, passive: true });
      for (const change of ["focus", "blur", "pageshow"]) addEventListener(change, tick);
      document.addEventListener("visibilitychange", tick);
    },
  };
}

function isAttended() {
  return document.visibilityState === "visible" && document.hasFocus();
}
