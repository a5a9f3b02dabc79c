// @ts-check
/** A case as it will be once the server has my letters: what the page shows meanwhile. Pure. */

/** @typedef {import("./types.js").Case} Case */
/** @typedef {import("./types.js").Topic} Topic */
/** @typedef {import("./types.js").Letter} Letter */
/** @typedef {import("./types.js").Post} Post */

/**
 * @param {Case} view  as the server last showed it
 * @param {Letter[]} letters  of this case that wait, oldest first
 * @returns {Case}
 */
export function withLetters(view, letters) {
  if (!letters.length) return view;
  const topics = view.topics.map((topic) => {
    const own = letters.filter((letter) => letter.dimension === topic.key);
    return own.reduce((shown, letter) => withLetter(shown, letter, view.me ?? ""), topic);
  });
  return { ...view, topics };
}

/** @param {Topic} topic @param {Letter} letter @param {string} me @returns {Topic} */
function withLetter(topic, letter, me) {
  if (topic.state === "closed" || !topic.mine) return topic;
  const at = new Date(letter.at).toISOString();
  const posts = [...topic.posts, postOf(letter, me, at)];
  const waits_for = topic.waits_for?.filter((alias) => alias !== me) ?? null;
  if (letter.kind === "comment") return { ...topic, posts, waits_for };
  const current = letter.value ?? topic.mine.current;
  const said = letter.kind === "reason" ? { reasoned_at: at } : { answered_at: at };
  const mine = { ...topic.mine, first: topic.mine.first ?? current, current, ...said };
  const stances = topic.stances?.map((stance) => (stance.alias === me ? { ...stance, ...mine } : stance)) ?? null;
  return { ...topic, mine, stances, posts, waits_for, sent: letter.kind === "reason" || topic.sent };
}

/** @param {Letter} letter @param {string} me @param {string} at @returns {Post} */
function postOf({ key, kind, value, before, code, text }, me, at) {
  const done = kind === "stance" ? (value === before ? "keep" : "move") : kind;
  return { id: key, alias: me, kind: done, before, value, reason: code, text, at, pending: true };
}

/** Is it my turn on this dimension? @param {Case} view @param {Topic} topic */
export function needsMe(view, topic) {
  if (!mayAct(view) || topic.state !== "open" || !topic.mine) return false;
  if (topic.revealed) return (topic.waits_for ?? []).includes(view.me ?? "");
  return !topic.sent;
}

/** Does the case wait for me? @param {Case} view */
export const waitsForMe = (view) => view.topics.some((topic) => needsMe(view, topic));

/** May I still say something here? @param {Case} view */
export function mayAct(view) {
  const me = view.participants.find((participant) => participant.me);
  return view.state === "open" && view.me !== null && me?.state === "active";
}

/** Where those stand who take part, except me and who has not chosen. @param {Case} view @param {Topic} topic */
export function othersAt(view, topic) {
  const others = (topic.stances ?? []).filter((stance) => stance.alias !== view.me && !stance.excused);
  return others.filter((stance) => stance.current !== null);
}
