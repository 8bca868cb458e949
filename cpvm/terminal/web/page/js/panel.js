// One session on the page: the picture, the keys and the mouse, the clipboard, what covers it while it is not connected.

import { screenText } from "./cells.js";
import { actionOf } from "./keymap.js";
import { Mirror } from "./mirror.js";
import { View } from "./view.js";

const SENTINEL = " ";
const MARKS = { "mark left": [0, -1], "mark right": [0, 1], "mark up": [-1, 0], "mark down": [1, 0] };

export class Panel {
  // `pageAction(name)` does what belongs to the page; `drop(files)` takes files that are dropped here.
  constructor(template, session, { pageAction, drop, tell }) {
    this.session = session;
    this.pageAction = pageAction;
    this.tell = tell;
    this.element = template.content.firstElementChild.cloneNode(true);
    const part = (name) => this.element.querySelector(name);
    this.keys = part(".keys");
    this.cover = part(".cover");
    this.view = new View(part("canvas"), part(".room"), session);
    this.mirror = new Mirror(part(".mirror"), part(".live"), session);
    this.canvas = part("canvas");
    this.listen();
    this.listenMouse();
    this.listenDrop(drop);
    this.cover.querySelector("button").addEventListener("click", () => {
      session.connect();
      this.focus();
    });
    setInterval(() => this.showCover(), 500);
  }

  focus() {
    this.keys.focus({ preventScroll: true });
  }

  show(visible) {
    this.element.hidden = !visible;
    if (visible) {
      this.view.redraw();
      this.focus();
    }
  }

  listen() {
    const { session, keys } = this;
    session.addEventListener("change", () => this.changed());
    session.addEventListener("state", () => this.showCover());
    session.addEventListener("inhibited", (event) => this.mirror.say(event.detail));
    session.addEventListener("alarm", () => this.alarm());
    keys.addEventListener("keydown", (event) => this.keydown(event));
    // text from input methods and the keyboards of touch screens; these delete only where there is something to delete
    keys.value = SENTINEL;
    keys.addEventListener("input", (event) => {
      if (!event.isComposing) this.took();
    });
    keys.addEventListener("compositionend", () => this.took());
    keys.addEventListener("paste", (event) => {
      event.preventDefault();
      session.paste(event.clipboardData.getData("text/plain"));
    });
    keys.addEventListener("copy", (event) => {
      event.preventDefault();
      event.clipboardData.setData("text/plain", this.marked());
    });
    for (const [name, focused] of [["focus", true], ["blur", false]]) {
      keys.addEventListener(name, () => {
        this.view.focused = focused;
        this.element.classList.toggle("focused", focused);
        this.view.refresh();
      });
    }
  }

  // Take over what stands in the text area behind the sentinel.
  took() {
    const text = this.keys.value;
    this.keys.value = SENTINEL;
    this.keys.setSelectionRange(1, 1);
    if (!text.startsWith(SENTINEL)) {
      if (text.length < SENTINEL.length) this.act("backspace");
      return;
    }
    for (const character of text.slice(SENTINEL.length)) this.act(character === "\n" ? "enter" : character);
  }

  keydown(event) {
    if (event.isComposing) return;
    const typed = event.getModifierState("AltGraph");
    const action = typed ? null : actionOf(event);
    if (action === null) {
      // a character; what input methods and touch screens give instead comes with the input event
      if ([...event.key].length !== 1 || (!typed && (event.ctrlKey || event.altKey || event.metaKey))) return;
      event.preventDefault();
      this.act(event.key);
      return;
    }
    if (action === "copy" || action === "paste") return; // the browser makes the clipboard's event of it
    event.preventDefault();
    if (action === "mark all") {
      const { rows, columns } = this.session.screen;
      this.view.select({ top: 0, left: 0, bottom: rows - 1, right: columns - 1 });
    } else if (action in MARKS) {
      this.markFurther(...MARKS[action]);
    } else if (action === "read") {
      this.mirror.readAll();
    } else if (!this.pageAction(action)) {
      this.act(action);
    }
  }

  act(action) {
    this.view.select(null);
    this.session.act(action);
  }

  changed() {
    const { session } = this;
    this.element.dataset.locked = String(session.screen.locked);
    this.element.dataset.sign = session.sign;
    this.element.dataset.cursor = String(session.screen.cursor);
    this.mirror.update();
    this.view.refresh();
  }

  showCover() {
    const { session } = this;
    this.cover.hidden = session.connected;
    if (session.connected) return;
    const left = session.retryAt ? Math.max(0, Math.ceil((session.retryAt - Date.now()) / 1000)) : 0;
    const again = left ? ` Trying again in ${left} s.` : "";
    const text = session.notice + again;
    const place = this.cover.querySelector("p");
    if (place.textContent !== text) place.textContent = text;
  }

  alarm() {
    this.element.classList.remove("alarm");
    void this.element.offsetWidth; // so that the animation begins anew
    this.element.classList.add("alarm");
    this.mirror.say("Alarm");
  }

  // ---- the mouse

  listenMouse() {
    let from = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      this.focus();
      this.view.select(null);
      from = this.view.positionAt(event.clientX, event.clientY);
      if (from) this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!from || event.pointerType === "touch") return;
      const to = this.view.positionAt(event.clientX, event.clientY, true);
      if (!this.view.selection && to.row === from.row && to.column === from.column) return;
      this.anchor = null;
      this.mark(from, to);
    });
    this.canvas.addEventListener("pointerup", () => {
      this.focus(); // some touch screens show their keyboard only now
      if (from && !this.view.selection) {
        this.session.act(`move ${from.row * this.session.screen.columns + from.column}`);
      }
      from = null;
    });
    this.canvas.addEventListener("dblclick", (event) => {
      const at = this.view.positionAt(event.clientX, event.clientY);
      if (at) this.markWord(at.row, at.column);
    });
  }

  // Let the marked rectangle reach a row or column further from where it began.
  markFurther(rows, columns) {
    const { screen } = this.session;
    const at = { row: Math.floor(screen.cursor / screen.columns), column: screen.cursor % screen.columns };
    if (!this.view.selection || !this.anchor) {
      this.anchor = at;
      this.reach = { ...at };
    } else {
      this.reach.row = Math.min(Math.max(this.reach.row + rows, 0), screen.rows - 1);
      this.reach.column = Math.min(Math.max(this.reach.column + columns, 0), screen.columns - 1);
    }
    this.mark(this.anchor, this.reach);
  }

  mark(from, to) {
    this.view.select({
      top: Math.min(from.row, to.row), bottom: Math.max(from.row, to.row),
      left: Math.min(from.column, to.column), right: Math.max(from.column, to.column),
    });
  }

  markWord(row, column) {
    const text = screenText(this.session.screen)[row].padEnd(this.session.screen.columns);
    if (text[column] === " ") return;
    const left = text.lastIndexOf(" ", column) + 1;
    const end = text.indexOf(" ", column);
    this.view.select({ top: row, bottom: row, left, right: (end < 0 ? text.length : end) - 1 });
  }

  // What is marked, as text: a rectangle, its rows without blanks at their ends; the screen if nothing is.
  marked() {
    const { rows, columns } = this.session.screen;
    const area = this.view.selection ?? { top: 0, left: 0, bottom: rows - 1, right: columns - 1 };
    return screenText(this.session.screen)
      .slice(area.top, area.bottom + 1)
      .map((row) => row.slice(area.left, area.right + 1).trimEnd())
      .join("\n");
  }

  async copy() {
    await navigator.clipboard.writeText(this.marked());
    this.tell(this.view.selection ? "Copied what is marked." : "Copied the screen.");
    this.focus();
  }

  async paste() {
    const text = await navigator.clipboard.readText();
    this.session.paste(text);
    this.focus();
  }

  // ---- files dropped on the picture

  listenDrop(drop) {
    const over = (event, on) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      this.element.classList.toggle("over", on);
    };
    this.element.addEventListener("dragover", (event) => over(event, true));
    this.element.addEventListener("dragleave", (event) => over(event, false));
    this.element.addEventListener("drop", (event) => {
      over(event, false);
      if (event.dataTransfer.files.length) drop([...event.dataTransfer.files]);
    });
  }
}
