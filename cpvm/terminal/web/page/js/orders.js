// Write commands: the write control character, orders and characters of an outbound data stream, into a screen.

import { Attribute, Command, Control, Extended, FORMAT_CONTROLS, NO_EFFECT, Order, decodeAddress } from "./codes.js";
import { CHARACTER, FIELD, GRAPHIC, PLANES, StreamError } from "./screen.js";

const NOTHING = Object.freeze(Object.fromEntries(PLANES.map((type) => [type, 0])));

// Carry out a write command (not Write Structured Field) with the data behind it. Throws StreamError.
export function write(screen, command, data) {
  if (command === Command.ERASE_ALL_UNPROTECTED) {
    screen.eraseAllUnprotected();
    return;
  }
  if (command === Command.ERASE_WRITE || command === Command.ERASE_WRITE_ALTERNATE) {
    screen.erase(command === Command.ERASE_WRITE_ALTERNATE);
  } else {
    screen.address = screen.cursor;
  }
  if (!data.length) return;
  const control = data[0];
  if (control & Control.RESET && command !== Command.WRITE) {
    screen.replyMode = 0;
    screen.replyTypes = [];
  }
  if (control & Control.RESET_MODIFIED) {
    for (const field of screen.fields()) screen.text[field] &= ~Attribute.MODIFIED;
  }
  new Stream(screen, data).run();
  if (control & Control.RESTORE) screen.restore();
  if (control & Control.ALARM) screen.alarms += 1;
}

class Stream {
  constructor(screen, data) {
    this.screen = screen;
    this.data = data;
    this.at = 1;
    this.pen = { ...NOTHING }; // what Set Attribute has set
    this.textBefore = false; // a character came last: Program Tab clears the rest of its field
    this.tabAtEnd = false; // Program Tab has cleared up to the end of the buffer: the next one goes on
  }

  run() {
    while (this.at < this.data.length) {
      const code = this.data[this.at++];
      const order = ORDERS[code];
      if (order) {
        order(this);
        if (code !== Order.PT) this.tabAtEnd = false;
        this.textBefore = code === Order.GE;
      } else {
        this.put(code);
        this.textBefore = !FORMAT_CONTROLS.has(code) && code !== 0xff;
        this.tabAtEnd = false;
      }
    }
  }

  byte() {
    if (this.at >= this.data.length) throw new StreamError("an order is incomplete");
    return this.data[this.at++];
  }

  target() {
    const address = decodeAddress(this.byte(), this.byte());
    if (address >= this.screen.size) throw new StreamError(`address ${address} is not on the screen`);
    return address;
  }

  put(code, kind = CHARACTER) {
    const screen = this.screen;
    if (!screen.shows(code, kind)) throw new StreamError(`X'${code.toString(16)}' is neither an order nor a character`);
    const at = screen.address;
    screen.text[at] = code;
    screen.kind[at] = kind;
    for (const type of PLANES) screen.planes[type][at] = this.pen[type];
    screen.address = (at + 1) % screen.size;
  }

  // Put a field attribute at the buffer address.
  start(attribute, extended) {
    const screen = this.screen;
    const at = screen.address;
    screen.put(at, attribute & Attribute.VALUE, FIELD);
    for (const [type, value] of extended) screen.planes[type][at] = value;
    screen.address = (at + 1) % screen.size;
  }

  // The attribute types and values of SFE or MF.
  pairs() {
    const pairs = [];
    for (let left = this.byte(); left > 0; left--) pairs.push([this.byte(), this.byte()]);
    for (const [type] of pairs) {
      if (!(type in NOTHING) && type !== Extended.ALL && type !== Extended.FIELD && !NO_EFFECT.has(type)) {
        throw new StreamError(`X'${type.toString(16)}' is no attribute type`);
      }
    }
    return pairs;
  }

  startFieldExtended() {
    let attribute = 0;
    const extended = [];
    for (const [type, value] of this.pairs()) {
      if (type === Extended.FIELD) attribute = value;
      else if (type in NOTHING) extended.push([type, value]);
    }
    this.start(attribute, extended);
  }

  modifyField() {
    const screen = this.screen;
    const at = screen.address;
    if (screen.kind[at] !== FIELD) throw new StreamError("Modify Field where there is no field attribute");
    for (const [type, value] of this.pairs()) {
      if (type === Extended.FIELD) screen.text[at] = value & Attribute.VALUE;
      else if (type in NOTHING) screen.planes[type][at] = value;
      else if (type === Extended.ALL) screen.put(at, screen.text[at], FIELD);
    }
    screen.address = (at + 1) % screen.size;
  }

  setAttribute() {
    const type = this.byte();
    const value = this.byte();
    if (type === Extended.ALL) this.pen = { ...NOTHING };
    else if (type in NOTHING) this.pen[type] = value;
    else if (!NO_EFFECT.has(type)) throw new StreamError(`X'${type.toString(16)}' is no attribute of a character`);
  }

  programTab() {
    const screen = this.screen;
    let at = screen.address;
    if (screen.kind[at] === FIELD && !(screen.text[at] & Attribute.PROTECTED)) {
      screen.address = (at + 1) % screen.size;
      this.tabAtEnd = false;
      return;
    }
    let to = screen.nextUnprotected(at);
    if (to <= at) to = 0;
    if (this.textBefore || this.tabAtEnd) {
      while (at !== to && screen.kind[at] !== FIELD) {
        screen.put(at, 0);
        at = (at + 1) % screen.size;
        if (at === 0) break;
      }
      this.tabAtEnd = to === 0;
    } else {
      this.tabAtEnd = false;
    }
    screen.address = to;
  }

  repeat() {
    const screen = this.screen;
    const to = this.target();
    let code = this.byte();
    let kind = CHARACTER;
    if (code === Order.GE) [code, kind] = [this.byte(), GRAPHIC];
    const count = (to - screen.address + screen.size) % screen.size || screen.size;
    for (let n = 0; n < count; n++) this.put(code, kind);
  }

  eraseUnprotected() {
    const screen = this.screen;
    const to = this.target();
    let at = screen.address;
    let attribute = screen.attribute(at);
    const count = (to - at + screen.size) % screen.size || screen.size;
    for (let n = 0; n < count; n++) {
      if (screen.kind[at] === FIELD) attribute = screen.text[at];
      else if (!(attribute & Attribute.PROTECTED)) screen.put(at, 0);
      at = (at + 1) % screen.size;
    }
    screen.address = to;
  }
}

const ORDERS = {
  [Order.SF]: (stream) => stream.start(stream.byte(), []),
  [Order.SFE]: (stream) => stream.startFieldExtended(),
  [Order.MF]: (stream) => stream.modifyField(),
  [Order.SA]: (stream) => stream.setAttribute(),
  [Order.SBA]: (stream) => (stream.screen.address = stream.target()),
  [Order.IC]: (stream) => (stream.screen.cursor = stream.screen.address),
  [Order.GE]: (stream) => stream.put(stream.byte(), GRAPHIC),
  [Order.PT]: (stream) => stream.programTab(),
  [Order.RA]: (stream) => stream.repeat(),
  [Order.EUA]: (stream) => stream.eraseUnprotected(),
};
