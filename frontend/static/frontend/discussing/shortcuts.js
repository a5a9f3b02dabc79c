// @ts-check
/** Connects the keys to the parts of the discussion page. */

import { byId } from "../common/dom.js";
import { findLevelForDigit } from "../common/levels.js";
import { scrollPane, showPicture } from "../common/sample-navigation.js";
import { listenToKeys } from "./keyboard.js";

/**
 * @param {{dimensions: import("./types.js").Dimension[], currentCase: import("./current-case.js").CurrentCase,
 *   actions: import("./actions.js").Actions, navigation: import("./case-navigation.js").CaseNavigation, stanceForm: import("./stance-form.js").StanceForm,
 *   samplePane: import("./sample-pane.js").SamplePane, viewer: ReturnType<typeof import("../common/picture-viewer.js").createPictureViewer>,
 *   explain: (key: string) => void, help: () => void}} parts
 */
export function connectShortcuts({
  dimensions,
  currentCase,
  actions,
  navigation,
  stanceForm,
  samplePane,
  viewer,
  explain,
  help,
}) {
  const { state } = currentCase;

  const levelsHere = () => dimensions.find(({ key }) => key === state.here)?.levels ?? [];

  listenToKeys({
    digit(digit) {
      const level = findLevelForDigit(levelsHere(), digit);
      if (level) actions.choose(level.value);
    },
    level: (step) =>
      actions.level(
        levelsHere().map(({ value }) => value),
        step,
      ),
    reason(key) {
      const reason = stanceForm.reasonFor(key);
      return reason && (() => actions.because(reason.code));
    },
    topic: (step) => currentCase.move(step),
    picture(step) {
      samplePane.turn("sample");
      state.picture = showPicture(samplePane.built(), state.picture, step);
    },
    scroll: (step) => scrollPane(samplePane.built()?.stage, step),
    read: (step) => scrollPane(byId("main"), step),
    zoom: () => viewer.open(samplePane.built()?.pictures ?? [], state.picture),
    write: () => stanceForm.write(),
    say: actions.say,
    undo: actions.undo,
    next: () => void navigation.next(),
    previous: () => void navigation.previous(),
    levels: () => explain(state.here),
    pane: () => samplePane.turn(byId("discussing").dataset.pane === "case" ? "sample" : "case"),
    help,
  });
}
