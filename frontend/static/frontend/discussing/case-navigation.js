// @ts-check
/** From one case to the next, and back. */

import { Refused, SignedOut } from "../common/http.js";
import { waitsForMe } from "./case-rules.js";

/** @typedef {ReturnType<typeof createCases>} Cases */

/**
 * @param {{api: import("./api.js").Api, queue: import("./queue.js").Queue, table: import("./current-case.js").Table,
 *   empty: ReturnType<typeof import("./empty-state.js").createEmpty>, text: import("../common/text.js").Text,
 *   tell: ReturnType<typeof import("../common/announcer.js").createTell>, urls: Record<string, string>,
 *   paused: () => string, hears: {opened: () => void, signedOut: () => void}}} parts
 */
export function createCases({ api, queue, table, empty, text, tell, urls, paused, hears }) {
  /** Where I was, newest last. @type {string[]} */
  const trail = [];

  /** @param {import("./types.js").Item|null} item */
  function open(item) {
    empty.show(item ? "" : paused() || queue.state.reason);
    tell.settle("case");
    table.show(item);
    history.replaceState(null, "", item ? urls.case.replace("ID", item.id) : urls.page);
    if (!item) return;
    hears.opened();
    const seen = table.look();
    if (seen)
      tell.aloud(
        text.say("next_case", {
          sample: seen.view.sample.id,
          keys: text.list(seen.view.topics.filter(({ state }) => state === "open").map(({ key }) => key)),
        }),
      );
  }

  async function next() {
    const now = table.state.item;
    // Asked for before the first list has come.
    if (!queue.after(now?.id ?? "") && queue.state.reason === "loading") await queue.refill();
    const coming = queue.after(now?.id ?? "");
    const item = coming && (await fetched(coming.id));
    if (table.state.item !== now || (coming && !item)) return;
    const seen = now && table.look();
    if (!item && seen && waitsForMe(seen.view)) return tell.aloud(text.say("no_other_case"));
    if (now) trail.push(now.id);
    open(item);
    void queue.refill();
  }

  /** @param {string} id */
  async function fetched(id) {
    const known = queue.get(id);
    if (known?.view) return known;
    try {
      const view = await api.look(id);
      return view && queue.put(view);
    } catch (error) {
      if (error instanceof SignedOut) hears.signedOut();
      else tell.show("case", error instanceof Refused ? error.message : text.say("not_reached"));
      return null;
    }
  }

  return {
    open,
    next,
    async previous() {
      const id = trail.pop();
      if (!id) return tell.aloud(text.say("no_earlier_case"));
      const item = await fetched(id);
      if (item) open(item);
    },
    /** Go to one case, whatever waits. @param {string} id */
    async go(id) {
      const item = await fetched(id);
      if (item) open(item);
      return item !== null;
    },
    /** There is more to show than before. */
    filled() {
      const first = table.state.item ? null : queue.after("");
      if (first?.view) open(first);
    },
    /** Nothing waits. */
    idle() {
      if (!table.state.item) open(null);
    },
    isOnTrail: (/** @type {string} */ id) => trail.slice(-3).includes(id),
  };
}
