// @ts-check
/**
 * The words that the modules of this page share. Nothing here runs, and no page loads it.
 *
 * @typedef {import("../common/types.js").Dimension} Dimension
 * @typedef {{first: number|null, current: number|null, reasoned_at: string|null, answered_at: string|null}} Mine
 * @typedef {Mine & {alias: string, excused: boolean}} Stance
 * @typedef {"reason"|"comment"|"keep"|"move"} PostKind
 * `pending`: it is still on its way to the server.
 * @typedef {{id: string, alias: string, kind: PostKind, before: number|null, value: number|null, reason: string,
 *   text: string, at: string, pending?: boolean}} Post
 * `stances` and `waits_for` are null until revealed; `sent`: my reason is on its way.
 * @typedef {{key: string, name: string, state: "open"|"closed", revealed: boolean, mine: Mine|null,
 *   stances: Stance[]|null, posts: Post[], waits_for: string[]|null, value: number|null, outcome: string|null,
 *   closed_at: string|null, sent?: boolean}} Topic
 * @typedef {{alias: string, me: boolean, state: "active"|"excused", waits: boolean|null}} Participant
 * @typedef {{key: string, name: string, value: number|null, outcome: string, firsts: number[]|null}} Settled
 * A discussion as the server shows it to me.
 * @typedef {{id: string, study: string, state: "open"|"handed_over"|"closed", because: string, opened_at: string,
 *   due_at: string|null, closed_at: string|null, version: string, me: string|null, waits_for_me: boolean,
 *   sample: import("../common/types.js").Sample, participants: Participant[], topics: Topic[],
 *   settled: Settled[]}} Case
 *
 * @typedef {{id: string, waits_for_me: boolean}} Row
 * A case at hand; what is null is not fetched yet.
 * @typedef {{id: string, view: Case|null, built: import("../common/types.js").Built|null, at: number}} Item
 *
 * @typedef {{code: string, key: string, label: string, said: string, fits: string[]}} Reason
 * `paused`: why nothing can be said now, or nothing.
 * @typedef {{study: {slug: string}, person: import("../common/types.js").Person, dimensions: Dimension[],
 *   reasons: Reason[], ahead: number, case: string, paused: string, waiting: number, urls: Record<string, string>,
 *   text: Record<string, string>}} Boot
 *
 * What somebody is about to say on one dimension; `value`: chosen and not yet said.
 * @typedef {{text: string, value: number|null}} Draft
 * @typedef {{topics: Record<string, Partial<Draft>>, seconds: number, at: number}} CaseDraft
 *
 * What still has to reach the server; `before` is where I stood.
 * @typedef {import("../common/types.js").PendingWrite & {kind: "reason"|"stance"|"comment", discussion: string,
 *   dimension: string, value: number|null, before: number|null, code: string, text: string, seconds: number}} PendingWrite
 */
export {};
