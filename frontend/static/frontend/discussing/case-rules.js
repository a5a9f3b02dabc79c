// @ts-check
/** Applies pending writes to a case, and tells whose turn it is. Pure. */

/** @typedef {import("./types.js").Case} Case */
/** @typedef {import("./types.js").Topic} Topic */
/** @typedef {import("./types.js").PendingWrite} PendingWrite */
/** @typedef {import("./types.js").Post} Post */

/**
 * @param {Case} view  as the server last showed it
 * @param {PendingWrite[]} pendingWrites  of this case that wait, oldest first
 * @returns {Case}
 */
export function applyPendingWrites(view, pendingWrites) {
  if (!pendingWrites.length) return view;
  const topics = view.topics.map((topic) => {
    const writes = pendingWrites.filter((pendingWrite) => pendingWrite.dimension === topic.key);
    return writes.reduce((shown, pendingWrite) => applyPendingWrite(shown, pendingWrite, view.me ?? ""), topic);
  });
  return { ...view, topics };
}

/** @param {Topic} topic @param {PendingWrite} pendingWrite @param {string} me @returns {Topic} */
function applyPendingWrite(topic, pendingWrite, me) {
  if (topic.state === "closed" || !topic.mine) return topic;
  const at = new Date(pendingWrite.at).toISOString();
  const posts = [...topic.posts, createPendingPost(pendingWrite, me, at)];
  const waits_for = topic.waits_for?.filter((alias) => alias !== me) ?? null;
  if (pendingWrite.kind === "comment") return { ...topic, posts, waits_for };
  const current = pendingWrite.value ?? topic.mine.current;
  const answered = pendingWrite.kind === "reason" ? { reasoned_at: at } : { answered_at: at };
  const mine = { ...topic.mine, first: topic.mine.first ?? current, current, ...answered };
  const stances = topic.stances?.map((stance) => (stance.alias === me ? { ...stance, ...mine } : stance)) ?? null;
  return { ...topic, mine, stances, posts, waits_for, sent: pendingWrite.kind === "reason" || topic.sent };
}

/** @param {PendingWrite} pendingWrite @param {string} me @param {string} at @returns {Post} */
function createPendingPost({ key, kind, value, before, code, text }, me, at) {
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
export function listOtherStances(view, topic) {
  const others = (topic.stances ?? []).filter((stance) => stance.alias !== view.me && !stance.excused);
  return others.filter((stance) => stance.current !== null);
}
