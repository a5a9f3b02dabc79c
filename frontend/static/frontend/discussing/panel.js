// @ts-check
/** Shows the case on the right: its header, the open dimensions, and what is settled. */

import { drawCaseHeader } from "./case-header.js";
import { createClosedTopic, drawSettled } from "./settled-topics.js";
import { listBlocks } from "./block-mentions.js";
import { createTopic } from "./topic.js";

/** @typedef {import("./types.js").Case} Case */
/** @typedef {ReturnType<typeof createPanel>} Panel */

/**
 * @param {{root: HTMLElement, dimensions: import("./types.js").Dimension[], reasons: import("./types.js").Reason[],
 *   text: import("../common/text.js").Text, now: () => number,
 *   callbacks: {here: (key: string) => void}}} options
 */
export function createPanel({ root, dimensions, reasons, text, now, callbacks }) {
  /** @type {Map<string, ReturnType<typeof createTopic>>} */
  const topics = new Map();
  /** @type {Map<string, ReturnType<typeof createClosedTopic>>} */
  const closed = new Map();
  let id = "";
  let headDrawn = "";
  let settledDrawn = "";
  const place = (/** @type {string} */ key) => dimensions.findIndex((dimension) => dimension.key === key);

  /** @param {Case} view */
  function begin(view) {
    id = view.id;
    headDrawn = settledDrawn = "";
    topics.clear();
    closed.clear();
    root.replaceChildren();
    root.parentElement?.scrollTo(0, 0);
  }

  /** @param {Case} view @param {string} here  the key of the dimension that I am at */
  function show(view, here) {
    const first = view.id !== id;
    if (first) begin(view);
    drawTop(view);
    const given = { blocks: listBlocks(view.sample), me: view.me, reasons, text };
    const open = view.topics.filter((topic) => topic.state === "open");
    for (const topic of view.topics) {
      const dimension = dimensions[place(topic.key)];
      if (!dimension) continue;
      if (topic.state === "open") {
        const part = topics.get(topic.key) ?? createTopic({ ...given, dimension, callbacks });
        if (!topics.has(topic.key)) insert(part.node, [...topics.values()].pop()?.node ?? root.firstElementChild);
        topics.set(topic.key, part);
        part.show(view, topic, { here: topic.key === here, only: open.length === 1 });
      } else {
        const before = topics.get(topic.key);
        const part =
          closed.get(topic.key) ??
          createClosedTopic({ ...given, dimension, open: Boolean(before) || (first && view.state === "closed") });
        if (!closed.has(topic.key)) {
          if (before) before.node.replaceWith(part.node);
          else insert(part.node, lastOf(closed) ?? lastOf(topics) ?? root.firstElementChild);
        }
        topics.delete(topic.key);
        closed.set(topic.key, part);
        part.show(topic);
      }
    }
    drawSettledOnes(view);
  }

  /** @param {Case} view */
  function drawTop(view) {
    const head = drawCaseHeader(view, text, now());
    if (head.textContent === headDrawn) return;
    headDrawn = head.textContent ?? "";
    const old = root.querySelector(".case-header");
    if (old) old.replaceWith(head);
    else root.prepend(head);
  }

  /** @param {Case} view */
  function drawSettledOnes(view) {
    const signature = JSON.stringify(view.settled);
    if (signature === settledDrawn) return;
    settledDrawn = signature;
    for (const old of root.querySelectorAll(".fold.is-settled-at-once")) old.remove();
    for (const settled of view.settled) {
      const dimension = dimensions[place(settled.key)];
      if (!dimension) continue;
      const node = drawSettled(dimension, settled, text);
      node.classList.add("is-settled-at-once");
      root.append(node);
    }
  }

  /** @param {Node} node @param {Element|null|undefined} after */
  const insert = (node, after) => (after ? after.after(node) : root.append(node));
  /** @param {Map<string, {node: Element}>} parts */
  const lastOf = (parts) => [...parts.values()].pop()?.node;

  return {
    show,
    clear() {
      id = "";
      root.replaceChildren();
    },
    /** Bring a dimension into view. @param {string} key */
    reveal(key) {
      const node = topics.get(key)?.node;
      const pane = root.parentElement;
      if (!node || !pane) return;
      // One that is longer than the pane begins at its axis: where everybody stands comes first.
      node.scrollIntoView({ block: node.offsetHeight > pane.clientHeight ? "start" : "nearest" });
    },
  };
}
