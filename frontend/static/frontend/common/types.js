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
 *
 * @typedef {{value: number, label: string, anchor: string}} Level
 * @typedef {{key: string, name: string, description: string, needs: string[], levels: Level[]}} Dimension
 * @typedef {{id: string, name: string}} Person
 *
 * @typedef {{status: number, code: string, message: string, fields: Record<string, string>}} Refusal
 * What still has to reach the server: `key` is its client key, `after` the earliest moment of the next try.
 * @typedef {{key: string, kind: string, study: string, label: string, at: number, tries: number, after: number,
 *   stuck?: boolean, refusal?: Refusal}} PendingWrite
 *
 * @typedef {{block: PictureBlock, figure: HTMLElement, state: "waiting"|"loaded"|"failed", seen: boolean,
 *   ready: Promise<void>, retry: () => void, markSeen: () => void}} Picture
 * A sample whose page is built, its pictures on their way or decoded.
 * @typedef {{stage: HTMLElement, pictures: Picture[]}} Built
 */
export {};
