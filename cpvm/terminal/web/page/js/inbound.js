// What a terminal sends: Read Modified and Read Buffer.

import { Aid, Attribute, Extended, GRAPHICS, Order, SHORT_READ, encodeAddress } from "./codes.js";
import { FIELD, GRAPHIC, PLANES } from "./screen.js";

// All positions: field attributes behind SF (SFE in the extended reply modes), characters with their nulls.
export function readBuffer(screen, aid = screen.aid) {
  const writer = new Writer(screen, aid);
  for (let at = 0; at < screen.size; at++) {
    if (screen.kind[at] === FIELD) writer.field(at);
    else writer.character(at);
  }
  return Uint8Array.from(writer.bytes);
}

// The modified fields without nulls; all characters if there are no fields; after CLEAR and the PA keys the attention
// identification alone, unless `everything` is asked for.
export function readModified(screen, everything = false, aid = screen.aid) {
  if (SHORT_READ.has(aid) && !everything) return Uint8Array.of(aid);
  const writer = new Writer(screen, aid);
  const fields = screen.fields();
  if (!fields.length) {
    for (let at = 0; at < screen.size; at++) if (screen.text[at]) writer.character(at);
  }
  for (const field of fields) {
    if (!(screen.text[field] & Attribute.MODIFIED)) continue;
    writer.bytes.push(Order.SBA, ...encodeAddress((field + 1) % screen.size, screen.size));
    if (aid === Aid.SELECT && !everything) continue;
    for (const at of screen.content(field)) if (screen.text[at]) writer.character(at);
  }
  return Uint8Array.from(writer.bytes);
}

class Writer {
  constructor(screen, aid) {
    this.screen = screen;
    this.types = screen.replyMode === 2 ? screen.replyTypes : [];
    this.pen = Object.fromEntries(PLANES.map((type) => [type, 0]));
    this.bytes = [aid, ...encodeAddress(screen.cursor, screen.size)];
  }

  field(at) {
    const screen = this.screen;
    const graphic = GRAPHICS[screen.text[at]];
    if (screen.replyMode === 0) {
      this.bytes.push(Order.SF, graphic);
      return;
    }
    const pairs = [Extended.FIELD, graphic];
    for (const type of PLANES) if (screen.planes[type][at]) pairs.push(type, screen.planes[type][at]);
    this.bytes.push(Order.SFE, pairs.length / 2, ...pairs);
  }

  character(at) {
    const screen = this.screen;
    for (const type of PLANES) {
      const value = screen.planes[type][at];
      if (this.types.includes(type) && value !== this.pen[type]) {
        this.pen[type] = value;
        this.bytes.push(Order.SA, type, value);
      }
    }
    if (screen.kind[at] === GRAPHIC) this.bytes.push(Order.GE);
    this.bytes.push(screen.text[at]);
  }
}
