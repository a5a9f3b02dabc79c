// @ts-check
/** Shows and edits the optional note of a dimension. */

import { h, write } from "../common/dom.js";

/**
 * @param {import("./types.js").Dimension} dimension
 * @param {import("../common/text.js").Text} text
 * @param {(note: string) => void} changed
 * @param {() => void} leave  where the focus goes when the note is done
 */
export function createNote(dimension, text, changed, leave) {
  const field = /** @type {HTMLTextAreaElement} */ (
    h("textarea", {
      rows: 2,
      maxlength: 4000,
      autocomplete: "off",
      "aria-label": text.say("note_on", { name: dimension.name }),
      input: () => changed(field.value),
    })
  );
  const done = h("button.link-button", { type: "button", click: () => close() }, text.say("note_done"));
  const editor = h("div.note-editor", { hidden: true }, field, h("span", {}, done, " ", h("kbd", {}, "Esc")));
  const shown = h("p.score-note", { hidden: true });
  const add = h("button.link-button", { type: "button", click: () => edit() });
  const tools = h("div.score-tools", {}, add, h("kbd", {}, "c"));
  const node = h("div.score-notes", {}, shown, editor, tools);
  let closed = false;

  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      close();
    }
  });

  function edit() {
    if (closed) return;
    editor.hidden = false;
    tools.hidden = shown.hidden = true;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  function close() {
    editor.hidden = true;
    draw();
    leave();
  }

  function draw() {
    const open = !editor.hidden;
    write(shown, field.value);
    shown.hidden = open || field.value.trim() === "";
    tools.hidden = open || closed;
    write(add, text.say(field.value.trim() ? "edit_note" : "add_note"));
  }

  return {
    node,
    edit,
    /**
     * @param {string} note
     * @param {{here: boolean, closed: boolean}} state
     */
    show(note, state) {
      if (field.value !== note) field.value = note;
      closed = state.closed;
      if (!state.here || closed) editor.hidden = true;
      draw();
    },
  };
}
