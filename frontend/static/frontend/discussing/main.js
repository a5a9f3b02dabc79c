// @ts-check
/** Creates and connects the parts of the discussion page. */

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
import { createPictureViewer } from "../common/picture-viewer.js";
import { createApi } from "./api.js";
import { createBottomBar } from "./bottom-bar.js";
import { createCaseNavigation } from "./case-navigation.js";
import { connectShortcuts } from "./shortcuts.js";
import { createStanceForm } from "./stance-form.js";
import { createDrafts } from "./drafts.js";
import { createEmptyState } from "./empty-state.js";
import { createActions } from "./actions.js";
import { createSubmissions } from "./submissions.js";
import { waitsForMe } from "./case-rules.js";
import { createPanel } from "./panel.js";
import { createPoll } from "./poll.js";
import { createQueue } from "./queue.js";
import { createSamplePane } from "./sample-pane.js";
import { createCurrentCase } from "./current-case.js";
import { startDiscussing } from "./page-lifecycle.js";
import { createWriteDescriptions } from "./write-description.js";

/** @type {import("./types.js").Boot} */
const boot = JSON.parse(byId("boot").textContent ?? "");
const { dimensions, person, reasons, urls } = boot;
const text = createText(boot.text);
const api = createApi(urls, person);
const store = createStore("discussing", person.id);
const drafts = createDrafts(store);
const pendingWrites = createPendingWrites(
  store,
  (/** @type {import("./types.js").PendingWrite} */ pendingWrite) => pendingWrite.discussion,
);
const clock = createClock();
const announcer = createAnnouncer();
const counts = { waiting: boot.waiting };
let paused = boot.paused;

const { open: help } = createModal("help");
const levels = createLevels();
const viewer = createPictureViewer(text, { opened: (index) => void (currentCase.state.picture = index) });
const samplePane = createSamplePane({ picked: (picture) => void (currentCase.state.picture = picture) });
const session = createSession({
  api,
  person,
  text,
  callbacks: { left: () => submissions.signedOut(), back: () => submissions.signedIn() },
});
const panel = createPanel({
  root: byId("panel"),
  dimensions,
  reasons,
  text,
  now: api.now,
  callbacks: { here: (key) => currentCase.go(key) },
});
const stanceForm = createStanceForm({
  reasons,
  text,
  callbacks: {
    choose: (value) => actions.choose(value),
    because: (code) => actions.because(code),
    say: () => actions.say(),
    comment: () => actions.comment(),
    undo: () => actions.undo(),
    typed: (words) => actions.typed(words),
    explain: () => explain(currentCase.state.here),
  },
});
const currentCase = createCurrentCase({
  dimensions,
  pendingWrites,
  outbox: () => outbox,
  drafts,
  clock,
  panel,
  stanceForm,
  samplePane,
  text,
  callbacks: { paused: () => paused !== "", drawn: drawBar },
});
const queue = createQueue({
  api,
  ahead: boot.ahead,
  build: ({ sample }) => {
    const built = buildSample(sample, {
      text,
      dimensions,
      heading: "h2",
      callbacks: {
        open: (picture) => viewer.open(built.pictures, built.pictures.indexOf(picture)),
        changed: () => undefined,
        back: () => void navigation.previous(),
      },
    });
    // Laid out at once, not visible yet: showing it is then no more than a change of class.
    byId("sample").append(built.stage);
    return built;
  },
  waits: (item) => {
    const view = currentCase.viewOf(item);
    return view === null || waitsForMe(view);
  },
  held: (item) =>
    item === currentCase.state.item ||
    navigation.isOnTrail(item.id) ||
    pendingWrites.waiting().some(({ discussion }) => discussion === item.id),
  paused: () => paused !== "",
  callbacks: { filled: () => navigation.filled(), empty: () => navigation.idle(), signedOut: () => session.leave() },
});
const outbox = createOutbox({
  api,
  pendingWrites,
  name: `discussing:${person.id}`,
  callbacks: {
    sent: (pendingWrite, answer) => submissions.sent(pendingWrite, answer),
    refused: (pendingWrite) => submissions.refused(pendingWrite),
    samePerson: session.isSame,
    changed: () => submissions.draw(),
    signedOut: () => session.leave(),
  },
});
const bar = createBottomBar(text, urls.page, {
  previous: () => void navigation.previous(),
  next: () => void navigation.next(),
  openRefusedWrites: () => refusedWrites.open(),
  help,
  signIn: session.open,
});
const empty = createEmptyState(text, {
  again: () => (paused ? location.reload() : queue.restart()),
  score: urls.score,
});
const navigation = createCaseNavigation({
  api,
  queue,
  currentCase,
  empty,
  text,
  announcer,
  urls,
  paused: () => paused,
  callbacks: { opened: () => poll.now(), signedOut: () => session.leave() },
});
const actions = createActions({
  currentCase,
  drafts,
  stanceForm,
  pendingWrites,
  outbox,
  clock,
  announcer,
  text,
  study: boot.study.slug,
  next: () => void navigation.next(),
});
const poll = createPoll({
  api,
  current: () => currentCase.state.item,
  callbacks: {
    changed: (item, view) => void submissions.changed(item, view),
    gone: (item) => void submissions.gone(item),
    signedOut: () => session.leave(),
  },
});
const refusedWrites = createRefusedWrites({
  pendingWrites,
  text,
  words: createWriteDescriptions(text, reasons),
  callbacks: {
    open: (pendingWrite) => submissions.reopen(pendingWrite),
    again: (pendingWrite) => submissions.again(pendingWrite),
    discarded: () => currentCase.draw(),
    changed: () => submissions.draw(),
  },
});
const submissions = createSubmissions({
  api,
  pendingWrites,
  outbox,
  bar,
  queue,
  currentCase,
  navigation,
  poll,
  drafts,
  session,
  store,
  announcer,
  text,
  callbacks: {
    counted: (waiting) => {
      counts.waiting = waiting;
      drawBar();
    },
    paused: (code) => {
      paused = code;
      announcer.show("paused", text.say(`empty_${code}_why`));
    },
  },
});

/** @param {string} key */
function explain(key) {
  const dimension = dimensions.find((candidate) => candidate.key === key);
  if (dimension) levels.explain(dimension);
}

function drawBar() {
  const seen = currentCase.look();
  bar.show({ waiting: counts.waiting, done: seen !== null && !waitsForMe(seen.view) });
}

connectShortcuts({ dimensions, currentCase, actions, navigation, stanceForm, samplePane, viewer, explain, help });
clock.listen();
startDiscussing({ currentCase, outbox, queue, poll, drafts, session, store, submissions });
if (boot.case) void navigation.go(boot.case).then(() => void (paused || queue.refill()));
else void queue.refill();
