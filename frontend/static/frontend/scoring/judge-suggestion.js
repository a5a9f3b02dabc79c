// @ts-check
/** Shows the judge's value on one dimension, its uncertainty, and the ways to answer it. */

import { h, icon, write } from "../common/dom.js";

const SVG = "http://www.w3.org/2000/svg";
/** More levels than this stand in several lines, under which there is no axis. */
const ONE_LINE = 6;

/**
 * @typedef {{judge: import("./types.js").Suggestion|null, own: number|null|undefined, value: number|null|undefined,
 *   here: boolean, lapsed: boolean, answering: boolean}} View  own: locked before; value: what counts;
 *   lapsed: the time for it has passed
 */

/**
 * @param {import("./types.js").Dimension} dimension
 * @param {{id: string, text: import("../common/text.js").Text,
 *   callbacks: {keep: () => void, adopt: () => void}}} options
 */
export function createJudgeSuggestion({ key, levels }, { id, text, callbacks }) {
  const words = h("span", { id });
  const keep = h("button.link-button", { type: "button", click: () => callbacks.keep() });
  const adopt = h("button.link-button", { type: "button", click: () => callbacks.adopt() });
  const keeping = h("span.judge-choice", {}, keep, " ", h("kbd", {}, "k"));
  const adopting = h("span.judge-choice", {}, adopt, " ", h("kbd", {}, "a"));
  const node = h("p.judge-answer", { hidden: true }, icon("judge"), words, keeping, adopting);
  const band = document.createElementNS(SVG, "svg");
  band.setAttribute("class", "judge-band");
  band.setAttribute("aria-hidden", "true");

  /** Where a value lies on the axis of the keys, in per cent of its width. @param {number} value */
  function findOffset(value) {
    const values = levels.map((level) => level.value);
    const after = values.findIndex((level) => level >= value);
    const place =
      after < 0
        ? values.length - 1
        : after === 0
          ? 0
          : after - (values[after] - value) / (values[after] - values[after - 1]);
    return ((place + 0.5) * 100) / levels.length;
  }

  /** @param {import("./types.js").Suggestion} judge */
  function drawBand(judge) {
    const expected = judge.expected?.[key];
    const [low, high] = judge.interval?.[key] ?? [];
    const parts = [];
    if (low !== undefined && high !== undefined)
      parts.push(createRect(findOffset(low), findOffset(high) - findOffset(low), 3, 2));
    if (expected !== undefined) parts.push(createRect(findOffset(expected), 0.8, 0, 8));
    band.replaceChildren(...(levels.length <= ONE_LINE ? parts : []));
  }

  /** @param {import("./types.js").Suggestion} judge @param {number|null|undefined} own */
  function describeJudge(judge, own) {
    const value = judge.ratings[key];
    const expected = judge.expected?.[key];
    const [low, high] = judge.interval?.[key] ?? [];
    const statement = text.say(own === value ? "judge_same" : "judge_says", { value });
    if (expected === undefined) return statement;
    const sd = judge.sd?.[key];
    const bounded = low !== undefined && high !== undefined;
    const how = bounded ? "judge_between" : sd === undefined ? "judge_expects" : "judge_within";
    const figures = { expected, low: bounded ? low : 0, high: bounded ? high : 0, sd: sd ?? 0 };
    const shown = Object.entries(figures).map(([name, figure]) => [name, text.decimal(figure)]);
    return [statement, text.say(how, Object.fromEntries(shown))].join(" ");
  }

  /** What was made of what the judge says. @param {number} own @param {number} value @param {boolean} lapsed */
  function describeOutcome(own, value, lapsed) {
    if (lapsed) return text.say("left_own", { own });
    return value === own ? text.say("kept_own", { own }) : text.say("changed_own", { own, value });
  }

  /** @param {View} statement */
  function show({ judge, own, value, here, lapsed, answering }) {
    const judged = judge?.ratings[key];
    const known = own !== undefined && own !== null;
    node.hidden = judged === undefined && !known;
    band.toggleAttribute("hidden", judged === undefined);
    if (!judge || judged === undefined) {
      keeping.hidden = adopting.hidden = true;
      return write(words, text.say("judge_silent"));
    }
    drawBand(judge);
    const differs = known && own !== judged && value !== undefined && value !== null;
    write(
      words,
      [describeJudge(judge, own), differs ? describeOutcome(own, value, lapsed) : ""].filter(Boolean).join(" "),
    );
    const asks = answering && here;
    keeping.hidden = !(asks && known && own !== judged);
    adopting.hidden = !asks || (known && own === judged);
    write(keep, text.say("keep", { own: own ?? "" }));
    write(adopt, text.say("adopt", { value: judged }));
  }

  return { node, band, show };
}

/** @param {number} x @param {number} width @param {number} y @param {number} height */
function createRect(x, width, y, height) {
  const node = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ x: `${x}%`, width: `${width}%`, y, height }))
    node.setAttribute(name, String(value));
  return node;
}
