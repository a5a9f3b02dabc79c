// @ts-check
/** Hands the keys to those who know what to do. */

import { byId } from "../common/dom.js";
import { findLevelForDigit } from "../common/levels.js";
import { scrollBy, turnTo } from "../common/sample-navigation.js";
import { listenToKeys } from "./keyboard.js";

/**
 * @param {{dimensions: import("./types.js").Dimension[], table: import("./current-case.js").Table,
 *   flow: import("./actions.js").Flow, cases: import("./case-navigation.js").Cases, dock: import("./stance-form.js").Dock,
 *   stage: import("./sample-pane.js").Stage, viewer: ReturnType<typeof import("../common/picture-viewer.js").createViewer>,
 *   explain: (key: string) => void, help: () => void}} parts
 */
export function takeControls({ dimensions, table, flow, cases, dock, stage, viewer, explain, help }) {
  const { state } = table;

  const levelsHere = () => dimensions.find(({ key }) => key === state.here)?.levels ?? [];

  listenToKeys({
    digit(digit) {
      const level = findLevelForDigit(levelsHere(), digit);
      if (level) flow.choose(level.value);
    },
    level: (step) =>
      flow.level(
        levelsHere().map(({ value }) => value),
        step,
      ),
    reason(key) {
      const reason = dock.reasonFor(key);
      return reason && (() => flow.because(reason.code));
    },
    topic: (step) => table.move(step),
    picture(step) {
      stage.turn("sample");
      state.picture = turnTo(stage.built(), state.picture, step);
    },
    scroll: (step) => scrollBy(stage.built()?.stage, step),
    read: (step) => scrollBy(byId("main"), step),
    zoom: () => viewer.open(stage.built()?.pictures ?? [], state.picture),
    write: () => dock.write(),
    say: flow.say,
    undo: flow.undo,
    next: () => void cases.next(),
    previous: () => void cases.previous(),
    levels: () => explain(state.here),
    pane: () => stage.turn(byId("discussing").dataset.pane === "case" ? "sample" : "case"),
    help,
  });
}
