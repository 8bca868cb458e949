// The buffer of a 3270 display: characters, field attributes, extended attributes, cursor, and whether the keyboard is
// locked. Positions count from 0, row by row, and wrap from the last to the first.

import { Aid, Attribute, Extended, FORMAT_CONTROLS } from "./codes.js";

export const CHARACTER = 0;
export const FIELD = 1; // a field attribute, which takes up a position of its own
export const GRAPHIC = 2; // a character of the alternate set, behind a graphic escape

// The extended attributes kept for each position, in the order in which they are sent. At a field attribute, the field's.
export const PLANES = [Extended.COLOUR, Extended.BACKGROUND, Extended.HIGHLIGHTING, Extended.CHARACTER_SET];

// A data stream is wrong; what stood before the error was done.
export class StreamError extends Error {}

export class Screen {
  constructor(alternate = [24, 80]) {
    this.default = [24, 80];
    this.alternate = alternate;
    this.aid = Aid.NONE;
    this.locked = true; // until the system has written for the first time
    this.alarms = 0;
    this.replyMode = 0;
    this.replyTypes = [];
    this.erase();
  }

  // Take the default or the alternate size, all nulls.
  erase(alternate = false) {
    [this.rows, this.columns] = alternate ? this.alternate : this.default;
    this.clear();
  }

  clear() {
    this.size = this.rows * this.columns;
    this.text = new Uint8Array(this.size);
    this.kind = new Uint8Array(this.size);
    this.planes = Object.fromEntries(PLANES.map((type) => [type, new Uint8Array(this.size)]));
    this.cursor = 0;
    this.address = 0;
  }

  // Put a character with default attributes at a position.
  put(at, code, kind = CHARACTER) {
    this.text[at] = code;
    this.kind[at] = kind;
    for (const type of PLANES) this.planes[type][at] = 0;
  }

  // Whether a code can stand in the buffer.
  shows(code, kind = CHARACTER) {
    return code >= 0x40 || code === 0 || (kind !== GRAPHIC && FORMAT_CONTROLS.has(code));
  }

  get formatted() {
    return this.kind.includes(FIELD);
  }

  // Positions of all field attributes, in ascending order.
  fields() {
    const found = [];
    for (let at = this.kind.indexOf(FIELD); at >= 0; at = this.kind.indexOf(FIELD, at + 1)) found.push(at);
    return found;
  }

  // Position of the attribute that governs a position, or stands there; -1 if there are no fields.
  field(position) {
    const at = this.kind.lastIndexOf(FIELD, position);
    return at >= 0 ? at : this.kind.lastIndexOf(FIELD);
  }

  attribute(position) {
    const at = this.field(position);
    return at < 0 ? 0 : this.text[at];
  }

  // The positions of a field behind its attribute; it may wrap around the end.
  content(field) {
    const positions = [];
    for (let at = (field + 1) % this.size; this.kind[at] !== FIELD; at = (at + 1) % this.size) positions.push(at);
    return positions;
  }

  // The first position of the next unprotected field that is not empty, looking for its attribute from `position` on;
  // 0 if there is none.
  nextUnprotected(position) {
    const fields = this.fields();
    for (const at of [...fields.filter((f) => f >= position), ...fields.filter((f) => f < position)]) {
      const behind = (at + 1) % this.size;
      if (!(this.text[at] & Attribute.PROTECTED) && this.kind[behind] !== FIELD) return behind;
    }
    return 0;
  }

  eraseAllUnprotected() {
    const fields = this.fields();
    if (!fields.length) this.clear();
    const unprotected = fields.filter((field) => !(this.text[field] & Attribute.PROTECTED));
    this.cursor = unprotected.length ? (unprotected[0] + 1) % this.size : 0;
    for (const field of unprotected) {
      this.text[field] &= ~Attribute.MODIFIED;
      for (const at of this.content(field)) this.put(at, 0);
    }
    this.restore();
  }

  // Unlock the keyboard and forget the attention identification.
  restore() {
    this.locked = false;
    this.aid = Aid.NONE;
  }
}
