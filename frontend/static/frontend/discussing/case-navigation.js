// @ts-check
/** Opens the next case, the previous one, or one by its identifier. */

import { Refused, SignedOut } from "../common/http.js";
import { waitsForMe } from "./case-rules.js";

/** @typedef {ReturnType<typeof createCaseNavigation>} CaseNavigation */

/**
 * @param {{api: import("./api.js").Api, queue: import("./queue.js").Queue, currentCase: import("./current-case.js").CurrentCase,
 *   empty: ReturnType<typeof import("./empty-state.js").createEmptyState>, text: import("../common/text.js").Text,
 *   announcer: ReturnType<typeof import("../common/announcer.js").createAnnouncer>, urls: Record<string, string>,
 *   paused: () => string, callbacks: {opened: () => void, signedOut: () => void}}} parts
 */
export function createCaseNavigation({ api, queue, currentCase, empty, text, announcer, urls, paused, callbacks }) {
  /** Where I was, newest last. @type {string[]} */
  const trail = [];

  /** @param {import("./types.js").Item|null} item */
  function open(item) {
    empty.show(item ? "" : paused() || queue.state.reason);
    announcer.settle("case");
    currentCase.show(item);
    history.replaceState(null, "", item ? urls.case.replace("ID", item.id) : urls.page);
    if (!item) return;
    callbacks.opened();
    const seen = currentCase.look();
    if (seen)
      announcer.announce(
        text.say("next_case", {
          sample: seen.view.sample.id,
          keys: text.list(seen.view.topics.filter(({ state }) => state === "open").map(({ key }) => key)),
        }),
      );
  }

  async function next() {
    const now = currentCase.state.item;
    // Asked for before the first list has come.
    if (!queue.after(now?.id ?? "") && queue.state.reason === "loading") await queue.refill();
    const coming = queue.after(now?.id ?? "");
    const item = coming && (await fetchItem(coming.id));
    if (currentCase.state.item !== now || (coming && !item)) return;
    const seen = now && currentCase.look();
    if (!item && seen && waitsForMe(seen.view)) return announcer.announce(text.say("no_other_case"));
    if (now) trail.push(now.id);
    open(item);
    void queue.refill();
  }

  /** @param {string} id */
  async function fetchItem(id) {
    const known = queue.get(id);
    if (known?.view) return known;
    try {
      const view = await api.look(id);
      return view && queue.put(view);
    } catch (error) {
      if (error instanceof SignedOut) callbacks.signedOut();
      else announcer.show("case", error instanceof Refused ? error.message : text.say("not_reached"));
      return null;
    }
  }

  return {
    open,
    next,
    async previous() {
      const id = trail.pop();
      if (!id) return announcer.announce(text.say("no_earlier_case"));
      const item = await fetchItem(id);
      if (item) open(item);
    },
    /** Go to one case, whatever waits. @param {string} id */
    async go(id) {
      const item = await fetchItem(id);
      if (item) open(item);
      return item !== null;
    },
    /** There is more to show than before. */
    filled() {
      const first = currentCase.state.item ? null : queue.after("");
      if (first?.view) open(first);
    },
    /** Nothing waits. */
    idle() {
      if (!currentCase.state.item) open(null);
    },
    isOnTrail: (/** @type {string} */ id) => trail.slice(-3).includes(id),
  };
}
