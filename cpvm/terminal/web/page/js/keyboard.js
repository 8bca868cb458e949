// The operator's keys of a 3270: characters into fields, cursor movement, erasing. Each method throws Inhibited, and
// changes nothing, where the display would lock up.

import { Aid, Attribute, DUP, FIELD_MARK, KEYS } from "./codes.js";
import { encode } from "./ebcdic.js";
import { FIELD, PLANES } from "./screen.js";

const NUMERIC = new Set([0x4b, 0x60, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, DUP]);

// The keyboard does not take that. `sign` is what the status line shows, the message says it in words.
export class Inhibited extends Error {
  constructor(sign, message) {
    super(message);
    this.sign = sign;
  }
}

export class Keyboard {
  constructor(screen) {
    this.screen = screen;
    this.insert = false;
    this.numericLock = true;
  }

  // A key that gives attention: `enter`, `clear`, `pa1`, `pf1`... Returns its identification.
  press(name) {
    this.unlocked();
    this.insert = false;
    const screen = this.screen;
    screen.aid = KEYS[name];
    screen.locked = true;
    if (screen.aid === Aid.CLEAR) screen.clear();
    return screen.aid;
  }

  // Unlock the keyboard and leave insert mode.
  reset() {
    this.insert = false;
    this.screen.locked = false;
  }

  // Type one character.
  type(character) {
    const code = encode(character);
    if (code === null) throw new Inhibited("X -s", `${character} is not in code page 037`);
    this.put(code);
  }

  duplicate() {
    this.put(DUP);
    this.tab();
  }

  fieldMark() {
    this.put(FIELD_MARK);
  }

  put(code) {
    const screen = this.screen;
    const field = this.writable();
    if (field >= 0 && screen.text[field] & Attribute.NUMERIC && this.numericLock && !NUMERIC.has(code)) {
      throw new Inhibited("X NUM", "the field takes digits only");
    }
    if (this.insert) this.makeRoom(field);
    let at = screen.cursor;
    screen.put(at, code);
    this.modified(field);
    at = (at + 1) % screen.size;
    while (screen.kind[at] === FIELD) {
      const skip = (screen.text[at] & Attribute.SKIP) === Attribute.SKIP;
      at = skip ? screen.nextUnprotected(at) : (at + 1) % screen.size;
    }
    screen.cursor = at;
  }

  // Positions from the cursor to the end of the field, or of the screen if there are no fields.
  rest(field) {
    const screen = this.screen;
    if (field < 0) return Array.from({ length: screen.size - screen.cursor }, (_, n) => screen.cursor + n);
    const positions = screen.content(field);
    return positions.slice(positions.indexOf(screen.cursor));
  }

  makeRoom(field) {
    const positions = this.rest(field);
    let free = positions.findIndex((at) => !this.screen.text[at]);
    if (free < 0) {
      // Blanks at the end of a field are room, too: programs fill fields with them.
      if (this.screen.text[positions.at(-1)] !== 0x40) throw new Inhibited("X >", "the field is full");
      free = positions.length - 1;
    }
    this.shift(positions.slice(1, free + 1), positions.slice(0, free));
  }

  shift(to, from) {
    const screen = this.screen;
    for (const array of [screen.text, screen.kind, ...PLANES.map((type) => screen.planes[type])]) {
      const moved = from.map((at) => array[at]);
      to.forEach((at, n) => (array[at] = moved[n]));
    }
  }

  // DEL: the character at the cursor goes; what follows in the field moves up.
  delete() {
    const field = this.writable();
    const row = Math.floor(this.screen.cursor / this.screen.columns);
    const positions = this.rest(field).filter(
      (at) => field >= 0 || Math.floor(at / this.screen.columns) === row,
    );
    this.shift(positions.slice(0, -1), positions.slice(1));
    this.screen.put(positions.at(-1), 0);
    this.modified(field);
  }

  // Back over the character before the cursor, and delete it.
  backspace() {
    const screen = this.screen;
    this.unlocked();
    const before = (screen.cursor - 1 + screen.size) % screen.size;
    if (screen.formatted && (screen.kind[before] === FIELD || screen.attribute(before) & Attribute.PROTECTED)) {
      throw new Inhibited("X <-o->", "there is nothing before the cursor in this field");
    }
    if (!screen.formatted && screen.cursor === 0) return;
    screen.cursor = before;
    this.delete();
  }

  eraseToEnd() {
    const field = this.writable();
    for (const at of this.rest(field)) this.screen.put(at, 0);
    this.modified(field);
  }

  eraseInput() {
    this.unlocked();
    const aid = this.screen.aid;
    this.screen.eraseAllUnprotected();
    this.screen.aid = aid;
  }

  // Put the cursor at a position.
  move(position) {
    this.unlocked();
    this.screen.cursor = position;
  }

  step(rows, columns) {
    const screen = this.screen;
    this.move((((screen.cursor + rows * screen.columns + columns) % screen.size) + screen.size) % screen.size);
  }

  home() {
    this.move(this.screen.nextUnprotected(this.screen.size - 1));
  }

  tab() {
    this.move(this.screen.nextUnprotected(this.screen.cursor));
  }

  backTab() {
    const screen = this.screen;
    const starts = screen
      .fields()
      .filter((field) => !(screen.text[field] & Attribute.PROTECTED) && screen.kind[(field + 1) % screen.size] !== FIELD)
      .map((field) => (field + 1) % screen.size);
    const before = starts.filter((at) => at < screen.cursor);
    this.move(Math.max(...(before.length ? before : starts.length ? starts : [0])));
  }

  newLine() {
    const screen = this.screen;
    let start = ((Math.floor(screen.cursor / screen.columns) + 1) % screen.rows) * screen.columns;
    if (screen.formatted && (screen.kind[start] === FIELD || screen.attribute(start) & Attribute.PROTECTED)) {
      start = screen.nextUnprotected(start);
    }
    this.move(start);
  }

  // Behind the last character of the field.
  fieldEnd() {
    const field = this.writable();
    const positions = field < 0 ? this.rest(field) : this.screen.content(field);
    let last = positions.length - 1;
    while (last >= 0 && (this.screen.text[positions[last]] === 0 || this.screen.text[positions[last]] === 0x40)) last--;
    this.move(positions[Math.min(last + 1, positions.length - 1)]);
  }

  // To the first letter of the next word, or of the one before.
  word(direction) {
    const screen = this.screen;
    const blank = (at) => screen.text[at] <= 0x40 || screen.kind[at] === FIELD;
    for (let n = 1; n <= screen.size; n++) {
      const at = (screen.cursor + direction * n + n * screen.size) % screen.size;
      if (!blank(at) && blank((at - 1 + screen.size) % screen.size)) {
        this.move(at);
        return;
      }
    }
  }

  // The light pen, or cursor select. Returns the attention identification if that gave attention, else 0.
  select(position = this.screen.cursor) {
    this.unlocked();
    const screen = this.screen;
    const field = screen.field(position);
    const display = field < 0 ? 0 : screen.text[field] & Attribute.DISPLAY;
    if (display !== 0x04 && display !== 0x08) throw new Inhibited("X <-o->", "the field cannot be selected");
    const at = (field + 1) % screen.size;
    const designator = screen.text[at];
    let aid = 0;
    if (designator === 0x6e) {
      screen.text[at] = 0x6f;
      screen.text[field] &= ~Attribute.MODIFIED;
    } else if (designator === 0x6f) {
      screen.text[at] = 0x6e;
      this.modified(field);
    } else if (designator === 0x40 || designator === 0 || designator === 0x50) {
      this.modified(field);
      aid = designator === 0x50 ? Aid.ENTER : Aid.SELECT;
      screen.aid = aid;
      screen.locked = true;
      this.insert = false;
    } else {
      throw new Inhibited("X <-o->", "the field has no designator");
    }
    return aid;
  }

  unlocked() {
    if (this.screen.locked) throw new Inhibited("X SYSTEM", "the keyboard is locked until the system unlocks it");
  }

  // The field at the cursor, -1 if there are no fields.
  writable() {
    this.unlocked();
    const screen = this.screen;
    const field = screen.field(screen.cursor);
    if (field >= 0 && (screen.cursor === field || screen.text[field] & Attribute.PROTECTED)) {
      throw new Inhibited("X <-o->", "the position is protected");
    }
    return field;
  }

  modified(field) {
    if (field >= 0) this.screen.text[field] |= Attribute.MODIFIED;
  }
}
