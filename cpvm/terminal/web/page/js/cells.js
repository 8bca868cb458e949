// What each position of a screen looks like: its character, colour and highlighting, from the buffer's attributes.

import { Attribute, Extended, Highlight } from "./codes.js";
import { glyph } from "./ebcdic.js";
import { FIELD, GRAPHIC } from "./screen.js";

export const COLOURS = ["green", "blue", "red", "pink", "green", "turquoise", "yellow", "white"];
// A 3279 without colours from the program: by protection and intensity.
const BASE = { 0: "green", 8: "red", 0x20: "blue", 0x28: "white" };

// A row as cells {character, colour, bright, reverse, underscore, blink}.
export function rowCells(screen, row) {
  const cells = [];
  const start = row * screen.columns;
  let field = screen.field(start);
  for (let at = start; at < start + screen.columns; at++) {
    if (screen.kind[at] === FIELD) field = at;
    cells.push(cell(screen, at, field));
  }
  return cells;
}

function cell(screen, at, field) {
  const attribute = field < 0 ? 0 : screen.text[field];
  const of = (type) => screen.planes[type][at] || (field < 0 ? 0 : screen.planes[type][field]);
  const bright = (attribute & Attribute.DISPLAY) === Attribute.INTENSIFIED;
  const isField = screen.kind[at] === FIELD;
  const hidden = (attribute & Attribute.DISPLAY) === Attribute.HIDDEN;
  const colour = of(Extended.COLOUR);
  const highlight = isField ? 0 : of(Extended.HIGHLIGHTING);
  return {
    character: isField || hidden ? " " : glyph(screen.text[at], screen.kind[at] === GRAPHIC),
    colour: colour ? COLOURS[colour & 7] : BASE[(attribute & Attribute.PROTECTED) | (bright ? 8 : 0)],
    bright,
    reverse: highlight === Highlight.REVERSE && !hidden,
    underscore: highlight === Highlight.UNDERSCORE && !hidden,
    blink: highlight === Highlight.BLINK && !hidden,
  };
}

// A row as text, without blanks at its end.
export function rowText(screen, row) {
  return rowCells(screen, row).map((one) => one.character).join("").trimEnd();
}

export function screenText(screen) {
  return Array.from({ length: screen.rows }, (_, row) => rowText(screen, row));
}
