// Write Structured Field: queries, reply modes, commands within structured fields, and file transfer.

import { Aid, Command } from "./codes.js";
import { readBuffer, readModified } from "./inbound.js";
import { write as writeOrders } from "./orders.js";
import { StreamError } from "./screen.js";

const READ_PARTITION = 0x01;
const ERASE_RESET = 0x03;
const SET_REPLY_MODE = 0x09;
const OUTBOUND = 0x40;
const TRANSFER = 0xd0;
const QUERY = 0x02;
const QUERY_LIST = 0x03;
const READS = new Set([Command.READ_BUFFER, Command.READ_MODIFIED, Command.READ_MODIFIED_ALL]);
const WRITES = new Set([
  Command.WRITE, Command.ERASE_WRITE, Command.ERASE_WRITE_ALTERNATE, Command.ERASE_ALL_UNPROTECTED,
]);

// Bytes of one structured field of a file transfer that this terminal takes or gives.
export const TRANSFER_LIMIT = 0x8000;

// Carry out Write Structured Field; returns the records to send. `transfer(field)` takes a field of a file transfer,
// from its identification on, and returns the records that answer it. Throws StreamError.
export function writeStructured(screen, data, transfer) {
  const answers = [];
  let last = false; // a Read Partition has to come last
  for (let at = 0; at < data.length; ) {
    const length = at + 2 <= data.length ? (data[at] << 8) | data[at + 1] : 1;
    const field = length === 0 ? data.subarray(at + 2) : data.subarray(at + 2, at + length);
    if ((length !== 0 && length !== field.length + 2) || !field.length) {
      throw new StreamError(`a structured field of length ${length}`);
    }
    at = length === 0 ? data.length : at + length;
    if (last) throw new StreamError("a structured field behind a Read Partition");
    if (field[0] === TRANSFER) {
      answers.push(...transfer(field));
    } else {
      const answer = one(screen, field[0], field.subarray(1));
      last = answer.length > 0;
      if (last) answers.push(answer);
    }
  }
  return answers;
}

const NONE = new Uint8Array(0);

function one(screen, identity, data) {
  if (identity === READ_PARTITION) return readPartition(screen, data);
  if (!data.length || data[0]) throw new StreamError("a partition that does not exist");
  if (identity === ERASE_RESET) {
    if (data.length === 1) throw new StreamError("an incomplete structured field");
    screen.erase(Boolean(data[1] & 0x80));
    screen.replyMode = 0;
    screen.replyTypes = [];
    screen.restore();
  } else if (identity === SET_REPLY_MODE) {
    if (data.length < 2 || data[1] > 2) throw new StreamError("a reply mode that does not exist");
    screen.replyMode = data[1];
    screen.replyTypes = data[1] === 2 ? [...data.subarray(2)] : [];
  } else if (identity === OUTBOUND) {
    if (!WRITES.has(data[1])) throw new StreamError("an outbound data stream without a write command");
    writeOrders(screen, data[1], data.subarray(2));
  } else {
    throw new StreamError(`X'${identity.toString(16)}' is no structured field that this display knows`);
  }
  return NONE;
}

function readPartition(screen, data) {
  if (data.length < 2) throw new StreamError("an incomplete Read Partition");
  const [partition, what] = data;
  if (what === QUERY || what === QUERY_LIST) {
    if (partition !== 0xff) throw new StreamError("a query of a single partition");
    return Uint8Array.of(Aid.STRUCTURED_FIELD, ...query(screen, what === QUERY ? null : data.subarray(2)));
  }
  if (partition || !READS.has(what)) throw new StreamError("Read Partition without a read command");
  if (what === Command.READ_BUFFER) return readBuffer(screen, Aid.READ_PARTITION);
  return readModified(screen, what === Command.READ_MODIFIED_ALL, Aid.READ_PARTITION);
}

// ---- query replies

function whole(field) {
  const length = field.length + 2;
  return [length >> 8, length & 0xff, ...field];
}

// All replies, or those in a list (request type, then codes).
function query(screen, wanted) {
  let codes = Object.keys(REPLIES).map(Number);
  if (wanted !== null) {
    if (!wanted.length) throw new StreamError("an incomplete query list");
    const kind = wanted[0] & 0xc0;
    const listed = wanted.subarray(1);
    if (kind !== 0x80) codes = codes.filter((code) => listed.includes(code) || (kind && code !== 0x80));
  }
  if (!codes.length) return whole([0x81, 0xff]);
  return codes.flatMap((code) => whole([0x81, code, ...REPLIES[code](screen)]));
}

const two = (number) => [(number >> 8) & 0xff, number & 0xff];

// Rows and columns of the largest screen.
function largest(screen) {
  const [a, b] = [screen.default, screen.alternate];
  return b[0] * b[1] > a[0] * a[1] ? b : a;
}

const REPLIES = {
  0x80: () => Object.keys(REPLIES).map(Number), // summary
  0x81: (screen) => {
    // usable area: 12- and 14-bit addresses; cells; size; millimetres; distances of points; points in a cell; buffer
    const [rows, columns] = largest(screen);
    return [0x01, 0x00, ...two(columns), ...two(rows), 0x01, 0x00, 0x0a, 0x02, 0xe5, 0x00, 0x02, 0x00, 0x6f, 9, 12,
      ...two(rows * columns)];
  },
  0x85: () => [0x82, 0x00, 9, 12, 0, 0, 0, 0, 3, 0x00, 0x00, 0x00, 0x01, 0x00, 0xf1], // character sets
  0x86: () => [0x00, 8, 0x00, 0xf4, ...[1, 2, 3, 4, 5, 6, 7].flatMap((n) => [0xf0 + n, 0xf0 + n])], // colours
  0x87: () => [4, 0x00, 0xf0, 0xf1, 0xf1, 0xf2, 0xf2, 0xf4, 0xf4], // highlighting: blink, reverse, underscore
  0x88: () => [0, 1, 2], // reply modes
  0x95: () => [0x00, 0x00, ...two(TRANSFER_LIMIT), ...two(TRANSFER_LIMIT), 0x01, 0x01], // distributed data management
  0xa6: (screen) => {
    // implicit partition: default and alternate size
    const sizes = [screen.default, screen.alternate].flatMap(([rows, columns]) => [...two(columns), ...two(rows)]);
    return [0x00, 0x00, 3 + sizes.length, 0x01, 0x00, ...sizes];
  },
};
