// @ts-check
/** Shows the posts on one dimension, oldest first, and adds new ones below. */

import { h } from "../common/dom.js";
import { chip } from "../common/levels.js";
import { linkMentions } from "./block-mentions.js";

/** @typedef {import("./types.js").Post} Post */

/**
 * @param {{dimension: import("./types.js").Dimension, blocks: Set<string>, me: string|null,
 *   reasons: import("./types.js").Reason[], text: import("../common/text.js").Text}} options
 */
export function createThread({ dimension, blocks, me, reasons, text }) {
  const node = h("div.thread", {
    role: "log",
    "aria-live": "off",
    "aria-label": text.say("thread", { name: dimension.name }),
  });
  /** @type {Map<string, {signature: string, element: HTMLElement}>} */
  const shown = new Map();

  /** @param {Post} post @param {boolean} fresh */
  function draw(post, fresh) {
    const mine = post.alias === me;
    const listed = reasons.find(({ code }) => code === post.reason)?.said ?? "";
    const meta = h(
      "p.post-meta",
      {},
      h("span", {}, post.pending ? text.say("on_its_way") : text.when(post.at)),
      ...describeAction(post),
      listed && h("span.post-reason", {}, listed),
      fresh && h("span.post-new", {}, text.say("new")),
    );
    return h(
      `article.post${mine ? ".mine" : ""}${post.pending ? ".is-pending" : ""}`,
      {},
      h("span.post-author", {}, post.alias, mine && h("small", {}, text.say("you"))),
      h("div", {}, meta, post.text && h("p.prose", {}, ...linkMentions(post.text, blocks))),
    );
  }

  /** @param {Post} post @returns {(Node|string)[]} */
  function describeAction({ kind, before, value }) {
    if (kind === "move")
      return [h("span", {}, text.say("moved")), chip(dimension, before), h("span", {}, "→"), chip(dimension, value)];
    if (kind === "keep") return [h("span", {}, text.say("keeps")), chip(dimension, value)];
    if (kind === "reason")
      return [h("span", {}, text.say("at")), chip(dimension, value), h("span", {}, text.say("own_reason"))];
    return [];
  }

  return {
    node,
    /**
     * @param {Post[]} posts
     * @param {string} since  what others said after this moment is new to me
     */
    show(posts, since) {
      const keep = new Set(posts.map(({ id }) => id));
      for (const [id, { element }] of shown) {
        if (keep.has(id)) continue;
        element.remove();
        shown.delete(id);
      }
      posts.forEach((post, index) => {
        const fresh = post.alias !== me && since !== "" && post.at > since;
        const signature = JSON.stringify([post, fresh]);
        const old = shown.get(post.id);
        if (old?.signature === signature) return;
        const element = draw(post, fresh);
        if (old) old.element.replaceWith(element);
        else node.insertBefore(element, node.children[index] ?? null);
        shown.set(post.id, { signature, element });
      });
      node.hidden = posts.length === 0;
    },
  };
}
