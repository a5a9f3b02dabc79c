// @ts-check
/** Puts the scoring page together. */

import { createAside } from "../common/refused-writes.js";
import { createClock } from "../common/clock.js";
import { byId } from "../common/dom.js";
import { createLetters } from "../common/pending-writes.js";
import { createLevels } from "../common/levels.js";
import { createModal } from "../common/modal.js";
import { createOutbox } from "../common/outbox.js";
import { buildSample } from "../common/sample.js";
import { createSession } from "../common/session.js";
import { createStore } from "../common/store.js";
import { createTell } from "../common/announcer.js";
import { createText } from "../common/text.js";
import { scrollBy, turnTo } from "../common/sample-navigation.js";
import { createViewer } from "../common/picture-viewer.js";
import { createAnswering } from "./rating-shortcuts.js";
import { createApi } from "./api.js";
import { createBar } from "./bottom-bar.js";
import { createDesk } from "./workspace.js";
import { createDrafts } from "./drafts.js";
import { createEmpty } from "./empty-state.js";
import { createFlow } from "./sample-flow.js";
import { createHistory } from "./history.js";
import { listenToKeys } from "./keyboard.js";
import { createLeases } from "./leases.js";
import { createMailroom } from "./submissions.js";
import { createPanel } from "./panel.js";
import { createPast } from "./previous-scores.js";
import { isRevision, nameOf, pieceOf } from "./work-names.js";
import { createQueue } from "./queue.js";
import { createRevisions } from "./revisions.js";
import { createSkip } from "./skip-dialog.js";
import { startScoring } from "./page-lifecycle.js";
import { createWhose } from "./judge-notice.js";
import { createWords } from "./write-description.js";

/** @type {import("./types.js").Boot} */
const boot = JSON.parse(byId("boot").textContent ?? "");
const { dimensions, person } = boot;
const text = createText(boot.text);
const api = createApi(boot.urls, person);
const store = createStore("scoring", person.id);
const drafts = createDrafts(store);
const letters = createLetters(store, (/** @type {import("./types.js").Letter} */ letter) => letter.assignment);
const clock = createClock();
const past = createPast({ api });
const tell = createTell();

const help = createModal("help");
const levels = createLevels();
const viewer = createViewer(text, { opened: (index) => void (desk.state.picture = index) });
const skipping = createSkip(text, (reason, note) => flow.skip(reason, note));
const session = createSession({
  api,
  person,
  text,
  hears: { left: () => mailroom.signedOut(), back: () => mailroom.signedIn() },
});
const panel = createPanel({
  root: byId("panel"),
  dimensions,
  text,
  hears: {
    rate: (index, value) => revisions.calm() && desk.rate(index, value),
    adopt: () => answering.adopt(),
    stand: () => answering.stand(),
    focus: (index) => desk.attend(index),
    note: (key, note) => desk.note(key, note),
    explain: (index) => levels.explain(dimensions[index]),
  },
});
const desk = createDesk({
  main: byId("main"),
  dimensions,
  drafts,
  clock,
  panel,
  text,
  hears: { changed: () => flow.draw(), kept: () => mailroom.draftKept(), aloud: tell.aloud },
});
const answering = createAnswering({ desk, dimensions });
/** @param {import("./types.js").Assignment} assignment @returns {import("./types.js").Work} */
const build = (assignment) => ({
  assignment,
  name: nameOf(assignment),
  lost: false,
  ...buildSample(assignment.sample, {
    text,
    dimensions,
    hears: {
      open: (picture) => viewer.open(desk.state.work?.pictures ?? [], desk.state.work?.pictures.indexOf(picture) ?? 0),
      cannotScore: () => skipping.open("picture_broken"),
      changed: (picture) => picture.seen && desk.seen(picture.block.number),
      back: () => history.previous(),
    },
  }),
});
const queue = createQueue({
  api,
  letters,
  ahead: boot.ahead,
  build: (assignment) => {
    const work = build(assignment);
    // Laid out at once, not visible yet: showing it is then no more than a change of class.
    byId("main").append(work.stage);
    return work;
  },
  hears: {
    filled: () => flow.filled(),
    revising: (assignment) => revisions.arrive(assignment),
    empty: () => desk.state.work || flow.show(),
    signedOut: () => session.leave(),
  },
});
const outbox = createOutbox({
  api,
  letters,
  name: person.id,
  hears: {
    amountsTo: (letter, { code }) => letter.kind === "undo" && code === "nothing_to_undo" && { state: "leased" },
    sent: (letter, answer) => mailroom.sent(letter, answer),
    refused: (letter) => mailroom.refused(letter),
    samePerson: session.isSame,
    changed: () => mailroom.draw(),
    signedOut: () => session.leave(),
  },
});
const bar = createBar(text, {
  previous: () => history.previous(),
  forward: () => history.forward(),
  skip: () => skipping.open(),
  submit: () => flow.submit(),
  undo: () => history.undo(),
  aside: () => aside.open(),
  signIn: session.open,
});
const empty = createEmpty(text, () => queue.refill());
const parts = {
  desk,
  queue,
  outbox,
  letters,
  past,
  bar,
  tell,
  text,
  empty,
  whose: createWhose(text),
  study: boot.study.slug,
};
const flow = createFlow(parts);
const revisions = createRevisions({ ...parts, flow, drafts });
const history = createHistory({ ...parts, flow, drafts, build });
const aside = createAside({
  letters,
  text,
  words: createWords(text),
  hears: {
    open: (letter) => mailroom.reopen(letter),
    again: (letter) => mailroom.again(letter),
    discarded: (letter) => drafts.load(pieceOf(letter)).key === letter.key && drafts.remove(pieceOf(letter)),
    changed: () => mailroom.draw(),
  },
});
const mailroom = createMailroom({ ...parts, api, flow, revisions, history, session, store, drafts, build });
const leases = createLeases({ api, held: () => queue.items, hears: { lost: flow.lost, signedOut: session.leave } });

/** Is there a sample to say something about, and not only about what a judge says? */
const scoring = () => desk.state.work && !desk.state.past && !isRevision(desk.state.work.assignment);
listenToKeys({
  digit: (digit) => revisions.calm() && answering.digit(digit),
  adopt: () => revisions.calm() && answering.adopt(),
  stand: () => revisions.calm() && answering.stand(),
  dimension: desk.move,
  level: (step) => revisions.calm() && answering.level(step),
  picture: (step) => void (desk.state.picture = turnTo(desk.state.work, desk.state.picture, step)),
  scroll: (step) => scrollBy(desk.state.work?.stage, step),
  zoom: () => viewer.open(desk.state.work?.pictures ?? [], desk.state.picture),
  note: () => scoring() && panel.editNote(desk.state.here),
  skip: () => scoring() && skipping.open(),
  previous: history.previous,
  forward: history.forward,
  undo: history.undo,
  submit: () => revisions.calm() && flow.submit(),
  help: help.open,
});

clock.listen();
leases.listen();
startScoring({ desk, outbox, queue, leases, session, store, flow, drafts, mailroom });
