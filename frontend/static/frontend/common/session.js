// @ts-check
/** Notices that the session has ended or belongs to somebody else, and renews it in place. */

import { Refused, SignedOut } from "./http.js";
import { find } from "./dom.js";
import { createModal } from "./modal.js";

/** @typedef {ReturnType<typeof createSession>} Session */

const ROUND = 5_000;

/**
 * @param {{api: Pick<import("./http.js").Http, "me"|"signIn">, person: import("./types.js").Person, text: import("./text.js").Text,
 *   callbacks: {left: () => void, back: () => void}}} options
 */
export function createSession({ api, person, text, callbacks }) {
  const state = { out: false, other: "" };
  let asked = 0;
  const modal = createModal("sign-in");
  /** @type {HTMLFormElement} */
  const form = find(modal.dialog, "form");
  /** @type {HTMLInputElement} */
  const password = find(form, "[name=password]");
  const wrong = find(form, ".field-error");
  const stranger = find(modal.dialog, ".other-person");

  /** @param {{id: unknown, name: string, username: string}} me */
  function checkPerson(me) {
    const same = String(me.id) === person.id;
    state.other = same ? "" : me.name || me.username;
    if (same && state.out) {
      state.out = false;
      modal.close();
      callbacks.back();
    } else if (!same) {
      stranger.hidden = false;
      form.hidden = true;
      find(stranger, "p").textContent = text.say("other_person", { name: state.other, person: person.name });
      leave();
    }
    return same;
  }

  function leave() {
    if (state.out) return;
    state.out = true;
    callbacks.left();
    // Nobody is torn away from a sentence: the bar and the line above keep asking.
    if (!document.activeElement?.matches("textarea, input")) open();
  }

  function open() {
    if (!state.other) {
      stranger.hidden = true;
      form.hidden = false;
    }
    wrong.hidden = true;
    modal.open();
    if (!form.hidden) password.focus();
  }

  /** Is the session still this person's? */
  async function isSame() {
    try {
      return checkPerson(await api.me());
    } catch (error) {
      if (!(error instanceof SignedOut)) throw error;
      leave();
      return false;
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    wrong.hidden = true;
    try {
      checkPerson(await api.signIn(String(given.get("username")), String(given.get("password"))));
    } catch (error) {
      wrong.textContent =
        error instanceof Refused && error.refusal.status < 500 ? error.message : text.say("not_reached");
      wrong.hidden = false;
    } finally {
      password.value = "";
    }
  });
  find(stranger, "[data-go-on]").addEventListener("click", () => location.reload());

  return {
    state,
    open,
    /** The server took us for signed out: ask whether nobody is signed in now, or somebody else. */
    leave: () => void (state.out || isSame().catch(leave)),
    isSame,
    /** Another tab may have signed somebody else in while this one was not looked at. */
    look() {
      if (document.visibilityState !== "visible" || Date.now() - asked < ROUND) return;
      asked = Date.now();
      isSame().catch(() => undefined);
    },
  };
}
