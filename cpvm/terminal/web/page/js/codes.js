// Codes of the 3270 data stream (GA23-0059), as on a line.

export const Command = Object.freeze({
  WRITE: 0xf1, ERASE_WRITE: 0xf5, ERASE_WRITE_ALTERNATE: 0x7e, ERASE_ALL_UNPROTECTED: 0x6f, STRUCTURED_FIELD: 0xf3,
  READ_BUFFER: 0xf2, READ_MODIFIED: 0xf6, READ_MODIFIED_ALL: 0x6e,
});

export const Control = Object.freeze({ RESET: 0x40, ALARM: 0x04, RESTORE: 0x02, RESET_MODIFIED: 0x01 });

export const Order = Object.freeze({
  PT: 0x05, GE: 0x08, SBA: 0x11, EUA: 0x12, IC: 0x13, SF: 0x1d, SA: 0x28, SFE: 0x29, MF: 0x2c, RA: 0x3c,
});

export const DUP = 0x1c;
export const FIELD_MARK = 0x1e;
export const FORMAT_CONTROLS = new Set([0x0c, 0x0d, 0x15, 0x19, DUP, FIELD_MARK, 0x25, 0x3f]);

// Bits of a field attribute.
export const Attribute = Object.freeze({
  PROTECTED: 0x20, NUMERIC: 0x10, SKIP: 0x30, DISPLAY: 0x0c, HIDDEN: 0x0c, INTENSIFIED: 0x08, MODIFIED: 0x01,
  VALUE: 0x3f,
});

// Types of extended attributes.
export const Extended = Object.freeze({
  ALL: 0x00, HIGHLIGHTING: 0x41, COLOUR: 0x42, CHARACTER_SET: 0x43, BACKGROUND: 0x45, TRANSPARENCY: 0x46,
  FIELD: 0xc0, VALIDATION: 0xc1, OUTLINING: 0xc2, INPUT_CONTROL: 0xfe,
});

export const NO_EFFECT = new Set([
  Extended.TRANSPARENCY, Extended.VALIDATION, Extended.OUTLINING, Extended.INPUT_CONTROL,
]);

export const Highlight = Object.freeze({ BLINK: 0xf1, REVERSE: 0xf2, UNDERSCORE: 0xf4 });

export const Aid = Object.freeze({
  NONE: 0x60, READ_PARTITION: 0x61, STRUCTURED_FIELD: 0x88, ENTER: 0x7d, SELECT: 0x7e, CLEAR: 0x6d,
  PA1: 0x6c, PA2: 0x6e, PA3: 0x6b, TEST_REQUEST: 0xf0,
});

// After these keys Read Modified gives nothing but the identification.
export const SHORT_READ = new Set([Aid.CLEAR, Aid.PA1, Aid.PA2, Aid.PA3]);

// Attention identifications by the names of their keys.
export const KEYS = { enter: Aid.ENTER, clear: Aid.CLEAR, pa1: Aid.PA1, pa2: Aid.PA2, pa3: Aid.PA3, test: Aid.TEST_REQUEST };
for (let n = 1; n <= 24; n++) {
  const row = n > 12 ? n - 12 : n;
  const base = row < 10 ? (n > 12 ? 0xc0 : 0xf0) + row : (n > 12 ? 0x4a : 0x7a) + row - 10;
  KEYS[`pf${n}`] = base;
}

// The graphic that stands for six bits in addresses and attributes.
export const GRAPHICS = Uint8Array.from({ length: 64 }, (_, bits) => {
  if (bits === 0) return 0x40;
  const low = bits & 0x0f;
  const row = bits >> 4;
  if (row === 0) return low <= 9 ? 0xc0 + low : 0x40 + low;
  if (row === 1) return low === 0 ? 0x50 : low <= 9 ? 0xd0 + low : 0x50 + low;
  if (row === 2) return low <= 1 ? 0x60 + low : low <= 9 ? 0xe0 + low : 0x60 + low;
  return low <= 9 ? 0xf0 + low : 0x70 + low;
});

// A buffer address as a terminal sends it: 14 bits if the buffer has more than 4096 positions.
export function encodeAddress(address, size) {
  if (size > 0x1000) return [(address >> 8) & 0x3f, address & 0xff];
  return [GRAPHICS[(address >> 6) & 0x3f], GRAPHICS[address & 0x3f]];
}

export function decodeAddress(high, low) {
  return high & 0xc0 ? ((high & 0x3f) << 6) | (low & 0x3f) : ((high & 0x3f) << 8) | low;
}
