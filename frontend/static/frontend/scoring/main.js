// @ts-check
/** Creates and connects the parts of the scoring page. */

import { createRefusedWrites } from "../common/refused-writes.js";
import { createClock } from "../common/clock.js";
import { byId } from "../common/dom.js";
import { createPendingWrites } from "../common/pending-writes.js";
import { createLevels } from "../common/levels.js";
import { createModal } from "../common/modal.js";
import { createOutbox } from "../common/outbox.js";
import { buildSample } from "../common/sample.js";
import { createSession } from "../common/session.js";
import { createStore } from "../common/store.js";
import { createAnnouncer } from "../common/announcer.js";
import { createText } from "../common/text.js";
import { scrollPane, showPicture } from "../common/sample-navigation.js";
import { createPictureViewer } from "../common/picture-viewer.js";
import { createRatingShortcuts } from "./rating-shortcuts.js";
import { createApi } from "./api.js";
import { createBottomBar } from "./bottom-bar.js";
import { createWorkspace } from "./workspace.js";
import { createDrafts } from "./drafts.js";
import { createEmptyState } from "./empty-state.js";
import { createSampleFlow } from "./sample-flow.js";
import { createHistory } from "./history.js";
import { listenToKeys } from "./keyboard.js";
import { createLeases } from "./leases.js";
import { createSubmissions } from "./submissions.js";
import { createPanel } from "./panel.js";
import { createPreviousScores } from "./previous-scores.js";
import { isRevision, nameWork, nameWrittenWork } from "./work-names.js";
import { createQueue } from "./queue.js";
import { createRevisions } from "./revisions.js";
import { createSkipDialog } from "./skip-dialog.js";
import { startScoring } from "./page-lifecycle.js";
import { createJudgeNotice } from "./judge-notice.js";
import { createWriteDescriptions } from "./write-description.js";

/** @type {import("./types.js").Boot} */
const boot = JSON.parse(byId("boot").textContent ?? "");
const { dimensions, person } = boot;
const text = createText(boot.text);
const api = createApi(boot.urls, person);
const store = createStore("scoring", person.id);
const drafts = createDrafts(store);
const pendingWrites = createPendingWrites(
  store,
  (/** @type {import("./types.js").PendingWrite} */ pendingWrite) => pendingWrite.assignment,
);
const clock = createClock();
const previousScores = createPreviousScores({ api });
const announcer = createAnnouncer();

const help = createModal("help");
const levels = createLevels();
const viewer = createPictureViewer(text, { opened: (index) => void (workspace.state.picture = index) });
const skipDialog = createSkipDialog(text, (reason, note) => flow.skip(reason, note));
const session = createSession({
  api,
  person,
  text,
  callbacks: { left: () => submissions.signedOut(), back: () => submissions.signedIn() },
});
const panel = createPanel({
  root: byId("panel"),
  dimensions,
  text,
  callbacks: {
    rate: (index, value) => revisions.acceptsInput() && workspace.rate(index, value),
    adopt: () => ratingShortcuts.adopt(),
    keepOwn: () => ratingShortcuts.keepOwn(),
    focus: (index) => workspace.select(index),
    note: (key, note) => workspace.note(key, note),
    explain: (index) => levels.explain(dimensions[index]),
  },
});
const workspace = createWorkspace({
  main: byId("main"),
  dimensions,
  drafts,
  clock,
  panel,
  text,
  callbacks: { changed: () => flow.draw(), kept: () => submissions.draftKept(), announce: announcer.announce },
});
const ratingShortcuts = createRatingShortcuts({ workspace, dimensions });
/** @param {import("./types.js").Assignment} assignment @returns {import("./types.js").Work} */
const build = (assignment) => ({
  assignment,
  name: nameWork(assignment),
  lost: false,
  ...buildSample(assignment.sample, {
    text,
    dimensions,
    callbacks: {
      open: (picture) =>
        viewer.open(workspace.state.work?.pictures ?? [], workspace.state.work?.pictures.indexOf(picture) ?? 0),
      cannotScore: () => skipDialog.open("picture_broken"),
      changed: (picture) => picture.seen && workspace.seen(picture.block.number),
      back: () => history.previous(),
    },
  }),
});
const queue = createQueue({
  api,
  pendingWrites,
  ahead: boot.ahead,
  build: (assignment) => {
    const work = build(assignment);
    // Laid out at once, not visible yet: showing it is then no more than a change of class.
    byId("main").append(work.stage);
    return work;
  },
  callbacks: {
    filled: () => flow.filled(),
    revising: (assignment) => revisions.arrive(assignment),
    empty: () => workspace.state.work || flow.show(),
    signedOut: () => session.leave(),
  },
});
const outbox = createOutbox({
  api,
  pendingWrites,
  name: person.id,
  callbacks: {
    interpretRefusal: (pendingWrite, { code }) =>
      pendingWrite.kind === "undo" && code === "nothing_to_undo" && { state: "leased" },
    sent: (pendingWrite, answer) => submissions.sent(pendingWrite, answer),
    refused: (pendingWrite) => submissions.refused(pendingWrite),
    samePerson: session.isSame,
    changed: () => submissions.draw(),
    signedOut: () => session.leave(),
  },
});
const bar = createBottomBar(text, {
  previous: () => history.previous(),
  forward: () => history.forward(),
  skip: () => skipDialog.open(),
  submit: () => flow.submit(),
  undo: () => history.undo(),
  openRefusedWrites: () => refusedWrites.open(),
  signIn: session.open,
});
const empty = createEmptyState(text, () => queue.refill());
const parts = {
  workspace,
  queue,
  outbox,
  pendingWrites,
  previousScores,
  bar,
  announcer,
  text,
  empty,
  judgeNotice: createJudgeNotice(text),
  study: boot.study.slug,
};
const flow = createSampleFlow(parts);
const revisions = createRevisions({ ...parts, flow, drafts });
const history = createHistory({ ...parts, flow, drafts, build });
const refusedWrites = createRefusedWrites({
  pendingWrites,
  text,
  words: createWriteDescriptions(text),
  callbacks: {
    open: (pendingWrite) => submissions.reopen(pendingWrite),
    again: (pendingWrite) => submissions.again(pendingWrite),
    discarded: (pendingWrite) =>
      drafts.load(nameWrittenWork(pendingWrite)).key === pendingWrite.key &&
      drafts.remove(nameWrittenWork(pendingWrite)),
    changed: () => submissions.draw(),
  },
});
const submissions = createSubmissions({ ...parts, api, flow, revisions, history, session, store, drafts, build });
const leases = createLeases({ api, held: () => queue.items, callbacks: { lost: flow.lost, signedOut: session.leave } });

/** Is there a sample to say something about, and not only about what a judge says? */
const isScoring = () => workspace.state.work && !workspace.state.past && !isRevision(workspace.state.work.assignment);
listenToKeys({
  digit: (digit) => revisions.acceptsInput() && ratingShortcuts.digit(digit),
  adopt: () => revisions.acceptsInput() && ratingShortcuts.adopt(),
  keepOwn: () => revisions.acceptsInput() && ratingShortcuts.keepOwn(),
  dimension: workspace.move,
  level: (step) => revisions.acceptsInput() && ratingShortcuts.level(step),
  picture: (step) => void (workspace.state.picture = showPicture(workspace.state.work, workspace.state.picture, step)),
  scroll: (step) => scrollPane(workspace.state.work?.stage, step),
  zoom: () => viewer.open(workspace.state.work?.pictures ?? [], workspace.state.picture),
  note: () => isScoring() && panel.editNote(workspace.state.here),
  skip: () => isScoring() && skipDialog.open(),
  previous: history.previous,
  forward: history.forward,
  undo: history.undo,
  submit: () => revisions.acceptsInput() && flow.submit(),
  help: help.open,
});

clock.listen();
leases.listen();
startScoring({ workspace, outbox, queue, leases, session, store, flow, drafts, submissions });
