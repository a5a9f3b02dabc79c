// @ts-check
/** Draws the header of a case: its state, why it was opened, and when it is due. */

import { h } from "../common/dom.js";

const DAY = 24 * 3600_000;

/**
 * @param {import("./types.js").Case} view
 * @param {import("../common/text.js").Text} text
 * @param {number} now
 * @returns {HTMLElement}
 */
export function drawCaseHeader(view, text, now) {
  const open = view.topics.filter((topic) => topic.state === "open").length;
  const me = view.participants.find((participant) => participant.me);
  const excused = me?.state === "excused";
  const title =
    view.state === "closed"
      ? text.say("head_closed")
      : view.state === "handed_over"
        ? text.say("head_handed_over")
        : excused
          ? text.say("head_excused")
          : text.say("head_open", { n: open, count: spellCount(open, text) });
  const settled = view.topics.length - open;
  const parts = [
    view.because === "reopened" && text.say("because_reopened"),
    view.because !== "reopened" &&
      view.participants.length > 1 &&
      text.say("because_scores", { n: view.participants.length, count: spellCount(view.participants.length, text) }),
    view.settled.length > 0 &&
      text.say("agreed_at_once", { n: view.settled.length, count: spellCount(view.settled.length, text) }),
    settled > 0 &&
      view.state !== "closed" &&
      text.say("settled_since", { n: settled, count: spellCount(settled, text) }),
    view.state === "handed_over" && text.say("handed_over_why"),
    excused && text.say("excused_why"),
    view.me && text.say("you_are", { alias: view.me }),
  ].filter((part) => typeof part === "string");
  return h(
    "header.case-header",
    {},
    h("h1", {}, title),
    h("p.text-secondary", {}, parts.join(" "), ...drawDue(view, text, now)),
  );
}

/** @param {import("./types.js").Case} view @param {import("../common/text.js").Text} text @param {number} now */
function drawDue({ state, due_at }, text, now) {
  if (!due_at || state !== "open") return [];
  const left = Date.parse(due_at) - now;
  const words =
    left < DAY ? text.say("due_soon", { time: text.when(due_at) }) : text.say("due", { day: text.date(due_at) });
  return [" ", h(left < DAY ? "span.text-attention.case-due" : "span.case-due", {}, words)];
}

/** @param {number} n @param {import("../common/text.js").Text} text */
const spellCount = (n, text) => (text.has(`count_${n}`) ? text.say(`count_${n}`) : String(n));
