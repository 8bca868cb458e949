// Text of files on its way to the guest and back: lines in UTF-8 here, EBCDIC there, records ended by X'0D0A'.

import { CODE_PAGE_037 } from "./codepage.js";

// What code page 1047 has at the second of two codes, 037 has at the first, and the other way round.
const SWAPPED = [[0xba, 0xad], [0xbb, 0xbd], [0xb0, 0x5f]];
const CR = 0x0d;
const LF = 0x0a;
const SUBSTITUTE = 0x6f; // ?
export const PAGES = ["037", "1047"];

function characters(page) {
  const all = [...CODE_PAGE_037];
  if (page === "1047") for (const [a, b] of SWAPPED) [all[a], all[b]] = [all[b], all[a]];
  return all;
}

// Text as EBCDIC records. `lost`: the characters that the code page lacks, with the lines (from 1) where they stand.
export function toRecords(text, page) {
  const codes = new Map(characters(page).map((character, code) => [character, code]));
  const lost = new Map();
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  const bytes = [];
  let longest = 0;
  lines.forEach((line, number) => {
    const before = bytes.length;
    for (const character of line.normalize("NFC")) {
      const code = codes.get(character);
      // a code that would be taken for a line's end cannot be part of a line
      if (code === undefined || code === CR || code === LF) {
        if (!lost.has(character)) lost.set(character, []);
        lost.get(character).push(number + 1);
        bytes.push(SUBSTITUTE);
      } else {
        bytes.push(code);
      }
    }
    longest = Math.max(longest, bytes.length - before);
    bytes.push(CR, LF);
  });
  return { bytes: Uint8Array.from(bytes), lost, longest, lines: lines.length };
}

// EBCDIC records as text; blanks that fill fixed records are left out.
export function fromRecords(bytes, page) {
  const all = characters(page);
  const lines = [];
  let line = "";
  const controls = new Set();
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === CR && bytes[at + 1] === LF) {
      lines.push(line.replace(/ +$/, ""));
      line = "";
      at++;
    } else if (bytes[at] === 0x1a && at === bytes.length - 1) {
      break; // end of file as PC programs had it
    } else {
      if (bytes[at] < 0x40 && bytes[at] !== 0x05) controls.add(bytes[at]);
      line += all[bytes[at]];
    }
  }
  if (line) lines.push(line);
  return { text: lines.map((one) => `${one}\n`).join(""), controls: [...controls].sort((a, b) => a - b) };
}

// What is to be said of characters that the code page lacks; "" if there are none.
export function lossReport(lost, page) {
  if (!lost.size) return "";
  const each = [...lost].slice(0, 8).map(([character, lines]) => {
    const code = `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    const where = lines.length === 1 ? `line ${lines[0]}` : `${lines.length} times, first in line ${lines[0]}`;
    return `${/[\p{C}\p{Z}]/u.test(character) ? "" : `${character} `}(${code}) ${where}`;
  });
  const more = lost.size > 8 ? `; and ${lost.size - 8} more` : "";
  return `Code page ${page} lacks ${each.join("; ")}${more}. A question mark stands there now.`;
}
