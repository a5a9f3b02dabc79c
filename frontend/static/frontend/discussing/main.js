// @ts-check
/** Puts the discussion page together. */

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
import { createViewer } from "../common/picture-viewer.js";
import { createApi } from "./api.js";
import { createBar } from "./bottom-bar.js";
import { createCases } from "./case-navigation.js";
import { takeControls } from "./shortcuts.js";
import { createDock } from "./stance-form.js";
import { createDrafts } from "./drafts.js";
import { createEmpty } from "./empty-state.js";
import { createFlow } from "./actions.js";
import { createMailroom } from "./submissions.js";
import { waitsForMe } from "./case-rules.js";
import { createPanel } from "./panel.js";
import { createPoll } from "./poll.js";
import { createQueue } from "./queue.js";
import { createStage } from "./sample-pane.js";
import { createTable } from "./current-case.js";
import { startDiscussing } from "./page-lifecycle.js";
import { createWords } from "./write-description.js";

/** @type {import("./types.js").Boot} */
const boot = JSON.parse(byId("boot").textContent ?? "");
const { dimensions, person, reasons, urls } = boot;
const text = createText(boot.text);
const api = createApi(urls, person);
const store = createStore("discussing", person.id);
const drafts = createDrafts(store);
const letters = createLetters(store, (/** @type {import("./types.js").Letter} */ letter) => letter.discussion);
const clock = createClock();
const tell = createTell();
const counts = { waiting: boot.waiting };
let paused = boot.paused;

const help = createModal("help");
const levels = createLevels();
const viewer = createViewer(text, { opened: (index) => void (table.state.picture = index) });
const stage = createStage({ picked: (picture) => void (table.state.picture = picture) });
const session = createSession({
  api,
  person,
  text,
  hears: { left: () => mailroom.signedOut(), back: () => mailroom.signedIn() },
});
const panel = createPanel({
  root: byId("panel"),
  dimensions,
  reasons,
  text,
  now: api.now,
  hears: { here: (key) => table.go(key) },
});
const dock = createDock({
  reasons,
  text,
  hears: {
    choose: (value) => flow.choose(value),
    because: (code) => flow.because(code),
    say: () => flow.say(),
    comment: () => flow.comment(),
    undo: () => flow.undo(),
    typed: (words) => flow.typed(words),
    explain: () => explain(table.state.here),
  },
});
const table = createTable({
  dimensions,
  letters,
  outbox: () => outbox,
  drafts,
  clock,
  panel,
  dock,
  stage,
  text,
  hears: { paused: () => paused !== "", drawn: drawBar },
});
const queue = createQueue({
  api,
  ahead: boot.ahead,
  build: ({ sample }) => {
    const built = buildSample(sample, {
      text,
      dimensions,
      heading: "h2",
      hears: {
        open: (picture) => viewer.open(built.pictures, built.pictures.indexOf(picture)),
        changed: () => undefined,
        back: () => void cases.previous(),
      },
    });
    // Laid out at once, not visible yet: showing it is then no more than a change of class.
    byId("sample").append(built.stage);
    return built;
  },
  waits: (item) => {
    const view = table.viewOf(item);
    return view === null || waitsForMe(view);
  },
  held: (item) =>
    item === table.state.item ||
    cases.isOnTrail(item.id) ||
    letters.waiting().some(({ discussion }) => discussion === item.id),
  paused: () => paused !== "",
  hears: { filled: () => cases.filled(), empty: () => cases.idle(), signedOut: () => session.leave() },
});
const outbox = createOutbox({
  api,
  letters,
  name: `discussing:${person.id}`,
  hears: {
    sent: (letter, answer) => mailroom.sent(letter, answer),
    refused: (letter) => mailroom.refused(letter),
    samePerson: session.isSame,
    changed: () => mailroom.draw(),
    signedOut: () => session.leave(),
  },
});
const bar = createBar(text, urls.page, {
  previous: () => void cases.previous(),
  next: () => void cases.next(),
  aside: () => aside.open(),
  help: help.open,
  signIn: session.open,
});
const empty = createEmpty(text, { again: () => (paused ? location.reload() : queue.wake()), score: urls.score });
const cases = createCases({
  api,
  queue,
  table,
  empty,
  text,
  tell,
  urls,
  paused: () => paused,
  hears: { opened: () => poll.now(), signedOut: () => session.leave() },
});
const flow = createFlow({
  table,
  drafts,
  dock,
  letters,
  outbox,
  clock,
  tell,
  text,
  study: boot.study.slug,
  next: () => void cases.next(),
});
const poll = createPoll({
  api,
  current: () => table.state.item,
  hears: {
    changed: (item, view) => void mailroom.changed(item, view),
    gone: (item) => void mailroom.gone(item),
    signedOut: () => session.leave(),
  },
});
const aside = createAside({
  letters,
  text,
  words: createWords(text, reasons),
  hears: {
    open: (letter) => mailroom.reopen(letter),
    again: (letter) => mailroom.again(letter),
    discarded: () => table.draw(),
    changed: () => mailroom.draw(),
  },
});
const mailroom = createMailroom({
  api,
  letters,
  outbox,
  bar,
  queue,
  table,
  cases,
  poll,
  drafts,
  session,
  store,
  tell,
  text,
  hears: {
    counted: (waiting) => {
      counts.waiting = waiting;
      drawBar();
    },
    paused: (code) => {
      paused = code;
      tell.show("paused", text.say(`empty_${code}_why`));
    },
  },
});

/** @param {string} key */
function explain(key) {
  const dimension = dimensions.find((one) => one.key === key);
  if (dimension) levels.explain(dimension);
}

function drawBar() {
  const seen = table.look();
  bar.show({ waiting: counts.waiting, done: seen !== null && !waitsForMe(seen.view) });
}

takeControls({ dimensions, table, flow, cases, dock, stage, viewer, explain, help: help.open });
clock.listen();
startDiscussing({ table, outbox, queue, poll, drafts, session, store, mailroom });
if (boot.case) void cases.go(boot.case).then(() => void (paused || queue.refill()));
else void queue.refill();
