// @ts-check
/**
 * The words that the modules share. Nothing here runs, and no page loads it.
 *
 * @typedef {{kind: "text", number: string, text?: string, html?: string}} TextBlock
 * @typedef {{kind: "image", number: string, url: string, full_url: string, width: number, height: number,
 *   web_width: number, web_height: number}} PictureBlock
 * @typedef {{question: string, context: boolean, blocks: (TextBlock|PictureBlock)[]}} Turn
 * @typedef {{value: number|null, why: "no_text"|"no_image"|"no_text_no_image"}} Lock
 * @typedef {{id: string, turns: Turn[], locked: Record<string, Lock>}} Sample
 * @typedef {{ratings: Record<string, number|null>, notes: Record<string, string>, seconds: number|null,
 *   scored_at: string, undo_until: string}} Given
 * @typedef {{id: string, state: string, leased_at: string, expires_at: string, sample: Sample,
 *   score: Given|null}} Assignment
 *
 * @typedef {{value: number, label: string, anchor: string}} Level
 * @typedef {{key: string, name: string, description: string, needs: string[], levels: Level[]}} Dimension
 * @typedef {{study: {slug: string}, person: {id: string, name: string}, dimensions: Dimension[], ahead: number,
 *   urls: Record<string, string>, text: Record<string, string>}} Boot
 *
 * What a person has said about a sample so far. `key` becomes the client key of the letter that carries it.
 * @typedef {{key: string, ratings: Record<string, number>, notes: Record<string, string>, seconds: number,
 *   seen: string[], at: number}} Draft
 *
 * @typedef {{status: number, code: string, message: string, fields: Record<string, string>}} Refusal
 * What still has to reach the server.
 * @typedef {{key: string, kind: "submit"|"skip"|"undo", study: string, assignment: string, label: string, at: number,
 *   tries: number, after: number, stuck?: boolean, ratings?: Record<string, number>, notes?: Record<string, string>,
 *   seconds?: number, reason?: string, note?: string, refusal?: Refusal}} Letter
 *
 * @typedef {{block: PictureBlock, figure: HTMLElement, state: "waiting"|"loaded"|"failed", seen: boolean,
 *   ready: Promise<void>, retry: () => void, markSeen: () => void}} Picture
 * A sample that is ready to be shown: its page is built and its pictures are on their way or decoded.
 * @typedef {{assignment: Assignment, stage: HTMLElement, pictures: Picture[], lost: boolean}} Work
 */
export {};
