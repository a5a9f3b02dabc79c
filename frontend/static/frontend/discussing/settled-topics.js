// @ts-check
/** Draws settled dimensions, folded: the value, how it came about, and the first values. */

import { h, icon, write } from "../common/dom.js";
import { chip } from "../common/levels.js";
import { drawAxis } from "./stance-axis.js";
import { createThread } from "./thread.js";

/** @typedef {import("./types.js").Dimension} Dimension */
/** @typedef {import("./types.js").Topic} Topic */

/**
 * @param {{dimension: Dimension, blocks: Set<string>, me: string|null, reasons: import("./types.js").Reason[],
 *   text: import("../common/text.js").Text, open: boolean}} options  open: it was settled before my eyes
 */
export function createClosedTopic({ dimension, blocks, me, reasons, text, open }) {
  const thread = createThread({ dimension, blocks, me, reasons, text });
  const value = h("span");
  const what = h("span.case-question");
  const axis = h("div");
  const node = h(
    "details.fold",
    { open },
    h("summary", {}, icon("chevron-right"), value, drawName(dimension), what),
    h("div.fold-body", {}, axis, thread.node),
  );
  let drawn = "";
  return {
    node,
    /** @param {Topic} topic */
    show(topic) {
      thread.show(topic.posts, "");
      const signature = JSON.stringify([topic.value, topic.stances, topic.outcome]);
      if (signature === drawn) return;
      drawn = signature;
      value.replaceChildren(chip(dimension, topic.value));
      const firsts = (topic.stances ?? [])
        .flatMap(({ first }) => (first === null ? [] : [first]))
        .sort((a, b) => a - b);
      const key = topic.outcome === "overridden" ? "overridden_when" : "settled_when";
      write(
        what,
        text.say(key, { when: topic.closed_at ? text.when(topic.closed_at) : "", firsts: firsts.join(", ") }),
      );
      axis.replaceChildren(drawAxis(dimension, topic.stances ?? [], { me, text, closed: true }));
    },
  };
}

/**
 * A dimension on which nothing was to be discussed.
 * @param {Dimension} dimension
 * @param {import("./types.js").Settled} settled
 * @param {import("../common/text.js").Text} text
 */
export function drawSettled(dimension, { value, outcome, firsts }, text) {
  const key = text.has(`outcome_${outcome}`) ? outcome : "other";
  const explanation =
    outcome === "by_rule"
      ? text.say("by_rule_why")
      : firsts
        ? text.say("firsts", { firsts: firsts.join(", ") })
        : text.say("firsts_later");
  return h(
    "details.fold",
    {},
    h(
      "summary",
      {},
      icon("chevron-right"),
      value === null && firsts === null ? h("span.level-chip", {}, "?") : chip(dimension, value),
      drawName(dimension),
      h("span.case-question", {}, text.say(`outcome_${key}`)),
    ),
    h("div.fold-body", {}, h("p", {}, explanation)),
  );
}

/** @param {Dimension} dimension */
const drawName = ({ key, name }) => h("span", {}, h("b", {}, key), " ", h("span.text-secondary", {}, name));
