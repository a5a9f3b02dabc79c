// @ts-check
/** What has happened between two views of one case, in words for those who listen. Pure. */

/** @typedef {import("./types.js").Case} Case */

/**
 * @param {Case} before
 * @param {Case} after
 * @param {import("../common/text.js").Text} text
 * @returns {string[]}
 */
export function news(before, after, text) {
  /** @type {string[]} */
  const told = [];
  for (const topic of after.topics) {
    const old = before.topics.find(({ key }) => key === topic.key);
    // What my own reason reveals is no news: it was there.
    if (!old) continue;
    const known = new Set(old.posts.map(({ id }) => id));
    if (old.revealed) {
      for (const post of topic.posts) {
        if (known.has(post.id) || post.alias === after.me) continue;
        told.push(
          text
            .say(`heard_${post.kind}`, {
              who: post.alias,
              key: topic.key,
              before: post.before ?? "",
              value: post.value ?? "",
              words: post.text,
            })
            .trim(),
        );
      }
    }
    if (old.state === "open" && topic.state === "closed") {
      told.push(
        text.say(topic.outcome === "overridden" ? "heard_overridden" : "heard_settled", {
          key: topic.key,
          value: topic.value ?? "",
        }),
      );
    }
    if (!old.revealed && topic.revealed && topic.state === "open")
      told.push(text.say("heard_revealed", { key: topic.key }));
  }
  if (before.state !== after.state) told.push(text.say(`heard_${after.state}`));
  return told;
}
