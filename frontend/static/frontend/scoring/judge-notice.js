// @ts-check
/** Says above the values which of them are a judge's, and shows the keys for that. */

import { byId, find, write } from "../common/dom.js";
import { isRevision } from "./work-names.js";

/** @param {import("../common/text.js").Text} text */
export function createJudgeNotice(text) {
  const notice = byId("judge-notice");
  const words = find(notice, "span");
  const panel = byId("panel");
  const keys = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-judge-mode]"));

  return {
    /** @param {{work: import("./types.js").Work|null, past: import("./types.js").Given|null, missing: number}} state */
    show({ work, past, missing }) {
      const judge = work?.assignment.suggestion;
      const revising = work !== null && isRevision(work.assignment);
      const judgeMode = !judge || past ? "plain" : revising ? "revising" : judge.arm;
      for (const key of keys) key.hidden = !(key.dataset.judgeMode ?? "").split(" ").includes(judgeMode);
      panel.dataset.judgeMode = judgeMode;
      notice.hidden = !judge;
      if (!judge) return;
      if (past) write(words, text.say(`past_${judge.arm}`));
      else if (judgeMode === "revising") {
        const time = text.time(work?.assignment.score?.scored_at ?? Date.now());
        write(words, text.say(missing ? "judge_notice_revising" : "judge_notice_answered", { time }));
      } else write(words, text.say("judge_notice_prefilled"));
    },
  };
}
