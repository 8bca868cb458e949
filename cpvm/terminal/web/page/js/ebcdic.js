// Characters of the terminal: EBCDIC code page 037, and the line drawing behind a graphic escape (code page 310).

import { CODE_PAGE_037 } from "./codepage.js"; // the server makes it from its own table
import { DUP, FIELD_MARK } from "./codes.js";

const CODES = new Map([...CODE_PAGE_037].map((character, code) => [character, code]));
const GRAPHIC_CHARACTERS = {
  0x85: "│", 0xa2: "─", 0xc4: "└", 0xc5: "┌", 0xc6: "├", 0xc7: "┴", 0xd3: "┼", 0xd4: "┘", 0xd5: "┐", 0xd6: "┤", 0xd7: "┬",
  0x8c: "≤", 0xae: "≥", 0xbe: "≠", 0xad: "[", 0xbd: "]", 0xa3: "•",
};
const SIGNS = { [DUP]: "*", [FIELD_MARK]: ";" };

// The EBCDIC code of a character, null if code page 037 lacks it or it has no graphic.
export function encode(character) {
  const code = CODES.get(character);
  return code === undefined || code < 0x40 || code === 0xff ? null : code;
}

// What a code in the buffer looks like; nulls and controls are blanks.
export function glyph(code, graphic = false) {
  if (graphic) return GRAPHIC_CHARACTERS[code] ?? "·";
  if (code < 0x40) return SIGNS[code] ?? " ";
  return code === 0xff ? " " : CODE_PAGE_037[code];
}

// EBCDIC bytes as text, controls included.
export function decodeText(bytes) {
  let text = "";
  for (const code of bytes) text += CODE_PAGE_037[code];
  return text;
}
