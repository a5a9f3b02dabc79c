// @ts-check
/**
 * The words that the modules of this page share. Nothing here runs, and no page loads it.
 *
 * @typedef {import("../common/types.js").Sample} Sample
 * @typedef {import("../common/types.js").Dimension} Dimension
 * @typedef {import("../common/types.js").Level} Level
 * @typedef {import("../common/types.js").Lock} Lock
 * @typedef {import("../common/types.js").Picture} Picture
 * @typedef {{ratings: Record<string, number|null>, notes: Record<string, string>, seconds: number|null,
 *   scored_at: string, undo_until: string|null, own?: Record<string, number|null>|null}} Given
 *
 * What a judge says: with the sample in the prefilled arm, beside locked own values, with its uncertainty, in the delayed one.
 * @typedef {{arm: "prefilled"|"delayed", ratings: Record<string, number>, expected?: Record<string, number>,
 *   interval?: Record<string, [number, number]|null>, sd?: Record<string, number>}} Suggestion
 * @typedef {{id: string, state: string, leased_at: string, expires_at: string, sample: Sample,
 *   score: Given|null, suggestion: Suggestion|null}} Assignment
 *
 * @typedef {{study: {slug: string}, person: import("../common/types.js").Person, dimensions: Dimension[], ahead: number,
 *   urls: Record<string, string>, text: Record<string, string>}} Boot
 *
 * What a person has said about a sample so far. `key` becomes the client key of the pending write that carries it.
 * @typedef {{key: string, ratings: Record<string, number>, notes: Record<string, string>, seconds: number,
 *   seen: string[], at: number}} Draft
 *
 * What still has to reach the server.
 * @typedef {import("../common/types.js").PendingWrite & {kind: "submit"|"revise"|"skip"|"undo",
 *   assignment: string, ratings?: Record<string, number>, touched?: string[], notes?: Record<string, string>,
 *   seconds?: number, reason?: string, note?: string, revision?: boolean}} PendingWrite  an undo may be that of a revision
 *
 * A sample that is ready to be shown.
 * @typedef {import("../common/types.js").Built & {assignment: Assignment, name: string, lost: boolean}} Work
 */
export {};
