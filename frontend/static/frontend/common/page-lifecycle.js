// @ts-check
/** Listens to a page's own life: shown and hidden, on line and off, and the end. */

const KEEP_EVERY = 5_000;

/**
 * @param {{keep: () => void, looked: () => void, flush: () => void, online: () => void, offline: () => void}} hears
 *   keep: store what is being written; looked: somebody has come back; flush: nobody may come back
 */
export function listenToLife({ keep, looked, flush, online, offline }) {
  function left() {
    keep();
    flush();
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return left();
    keep();
    looked();
  });
  addEventListener("focus", looked);
  addEventListener("pagehide", left);
  // A page that comes back from the browser's memory has slept; its letters may be elsewhere.
  addEventListener("pageshow", (event) => event.persisted && looked());
  addEventListener("online", online);
  addEventListener("offline", offline);
  setInterval(keep, KEEP_EVERY);
}
