// @ts-check
/** Shows one open dimension: its axis, who has still to answer, and the thread. */

import { h, icon, write } from "../common/dom.js";
import { drawAnchors, chip } from "../common/levels.js";
import { drawAxis, drawLegend, findSpreads } from "./stance-axis.js";
import { needsMe } from "./case-rules.js";
import { createThread } from "./thread.js";

/** @typedef {import("./types.js").Case} Case */
/** @typedef {import("./types.js").Topic} Topic */
/** @typedef {ReturnType<typeof createTopic>} TopicPart */

/**
 * @param {{dimension: import("./types.js").Dimension, blocks: Set<string>, me: string|null,
 *   reasons: import("./types.js").Reason[], text: import("../common/text.js").Text,
 *   callbacks: {here: (key: string) => void}}} options
 */
export function createTopic({ dimension, blocks, me, reasons, text, callbacks }) {
  const { key, levels } = dimension;
  const id = `topic-${key}`;
  const thread = createThread({ dimension, blocks, me, reasons, text });
  const range = h("span.text-small.text-quiet");
  const turn = h(
    "span.turn-mark.text-attention",
    { hidden: true },
    icon("alert"),
    h("span", {}, text.say("your_turn")),
  );
  const standing = h("span.topic-values", { "aria-hidden": "true" });
  const head = h(
    "button.topic-header",
    { type: "button", "aria-controls": `${id}-body`, click: () => callbacks.here(key) },
    h("span.topic-name", { id }, h("b", {}, key), " ", h("span.text-secondary", {}, dimension.name)),
    range,
    standing,
    turn,
  );
  const picture = h("div");
  const still = h("p.answer-status");
  const levelsLine = h("ol.level-anchors");
  if (!levels.some((level) => level.label)) levelsLine.classList.add("is-unlabelled");
  levelsLine.hidden = !levels.some((level) => level.label || level.anchor);
  const body = h("div.topic-body", { id: `${id}-body` }, picture, still, levelsLine, thread.node);
  const node = h("section.topic", { "aria-labelledby": id }, h("h2", {}, head), body);
  const anchors = drawAnchors(dimension);
  let drawn = "";

  /** @param {Case} view @param {Topic} topic */
  function draw(view, topic) {
    const { first, now } = findSpreads(topic.stances ?? []);
    write(range, first && now ? text.say("ranges", { first: formatRange(first), now: formatRange(now) }) : "");
    standing.replaceChildren(
      ...(topic.stances ?? []).filter(({ excused }) => !excused).map(({ current }) => chip(dimension, current)),
    );
    turn.hidden = !needsMe(view, topic);
    if (topic.revealed && topic.stances) {
      picture.replaceChildren(drawAxis(dimension, topic.stances, { me, text }), drawLegend(topic.stances, text));
    } else {
      picture.replaceChildren(h("p.topic-solved", {}, ...describeOwnStance(topic)));
    }
    still.replaceChildren(...drawAnswerStates(topic));
    const inPlay = now ? levels.map(({ value }) => value >= now.low && value <= now.high) : levels.map(() => true);
    anchors.forEach((anchor, place) => {
      anchor.hidden = !inPlay[place];
      anchor.classList.toggle("is-chosen", levels[place].value === topic.mine?.current);
    });
    levelsLine.replaceChildren(...anchors.filter((anchor) => !anchor.hidden));
  }

  /** What stands there before my own reason: nothing of the others. @param {Topic} topic @returns {(Node|string)[]} */
  function describeOwnStance(topic) {
    const current = topic.mine?.current ?? null;
    const words = topic.sent ? "alone_sent" : current === null ? "alone_no_value" : "alone";
    return [
      ...(current === null ? [] : [chip(dimension, current), " "]),
      h("span", {}, text.say(words, { value: current ?? "" })),
    ];
  }

  /** @param {Topic} topic @returns {Node[]} */
  function drawAnswerStates(topic) {
    if (!topic.revealed || !topic.stances || topic.waits_for === null) return [];
    const waits = topic.waits_for;
    return topic.stances
      .filter(({ excused }) => !excused)
      .map(({ alias, reasoned_at, answered_at }) => {
        const who = h("b", {}, alias === me ? text.say("you_first") : alias);
        if (waits.includes(alias))
          return h(
            "span.text-attention",
            {},
            icon("alert"),
            who,
            text.say(alias === me ? "i_am_awaited" : "is_awaited"),
          );
        const at = [reasoned_at ?? "", answered_at ?? ""].sort()[1];
        return h(
          "span",
          {},
          icon("check"),
          who,
          at ? text.say("answered", { when: text.when(at) }) : text.say("stands_by"),
        );
      });
  }

  return {
    node,
    key,
    /** @param {Case} view @param {Topic} topic @param {{here: boolean, only: boolean}} place */
    show(view, topic, { here, only }) {
      const opened = here || only;
      node.classList.toggle("is-current", here);
      body.hidden = !opened;
      standing.hidden = opened;
      head.setAttribute("aria-expanded", String(opened));
      head.toggleAttribute("aria-current", here);
      thread.show(topic.posts, topic.revealed ? findLastPostTime(topic, me) : "");
      const signature = JSON.stringify([
        topic.stances,
        topic.mine,
        topic.waits_for,
        topic.revealed,
        topic.sent,
        view.state,
      ]);
      if (signature === drawn) return;
      drawn = signature;
      draw(view, topic);
    },
  };
}

/** When I last said something. @param {Topic} topic @param {string|null} me */
const findLastPostTime = (topic, me) =>
  topic.posts
    .filter(({ alias }) => alias === me)
    .map(({ at }) => at)
    .sort()
    .pop() ?? "";

/** @param {{low: number, high: number}} range */
const formatRange = ({ low, high }) => (low === high ? String(low) : `${low}–${high}`);
