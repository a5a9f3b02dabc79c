// @ts-check
/** Describes in words what has changed between two versions of a case. Pure. */

/** @typedef {import("./types.js").Case} Case */

/**
 * @param {Case} before
 * @param {Case} after
 * @param {import("../common/text.js").Text} text
 * @returns {string[]}
 */
export function describeChanges(before, after, text) {
  /** @type {string[]} */
  const messages = [];
  for (const topic of after.topics) {
    const old = before.topics.find(({ key }) => key === topic.key);
    // What my own reason reveals is no news: it was there.
    if (!old) continue;
    const known = new Set(old.posts.map(({ id }) => id));
    if (old.revealed) {
      for (const post of topic.posts) {
        if (known.has(post.id) || post.alias === after.me) continue;
        messages.push(
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
      messages.push(
        text.say(topic.outcome === "overridden" ? "heard_overridden" : "heard_settled", {
          key: topic.key,
          value: topic.value ?? "",
        }),
      );
    }
    if (!old.revealed && topic.revealed && topic.state === "open")
      messages.push(text.say("heard_revealed", { key: topic.key }));
  }
  if (before.state !== after.state) messages.push(text.say(`heard_${after.state}`));
  return messages;
}
