// File transfer by IND$FILE, the terminal's side: structured fields X'D0' (distributed function terminal mode). The
// program in the guest opens FT:DATA and FT:MSG, and writes or reads them.

import { Aid } from "./codes.js";
import { TRANSFER_LIMIT } from "./structured.js";

const TRANSFER = 0xd0;
const Request = Object.freeze({
  OPEN: 0x0012, CLOSE: 0x4112, SET_CURSOR: 0x4511, GET: 0x4611, INSERT: 0x4711, DATA: 0x4704,
});
const OPENED = 0x0009;
const CLOSED = 0x4109;
const GOT = 0x4605;
const TAKEN = 0x4705;
const RECORD_NUMBER = [0x63, 0x06];
const ERROR = [0x69, 0x04];
const END_OF_FILE = [0x22, 0x00];
const FAILED = [0x01, 0x00];
const PLAIN = [0xc0, 0x80, 0x61]; // not compressed, beginning of data
export const MOST_BYTES = 64 << 20; // of one file
const OVERHEAD = 32; // bytes of a reply beside the data

const two = (number) => [(number >> 8) & 0xff, number & 0xff];
const four = (number) => [...two(number >>> 16), ...two(number)];

function reply(...bytes) {
  return Uint8Array.of(Aid.STRUCTURED_FIELD, ...two(bytes.length + 3), TRANSFER, ...bytes);
}

function refusal(request, why) {
  return reply(request >> 8, 0x08, ...ERROR, ...why);
}

export class Transfer {
  // `data` is what is sent to the guest, null to receive. `report` has begun(), progress(bytes), done(message, received)
  // with a Uint8Array when the guest has said how it went, and failed(message).
  constructor(data, report) {
    this.data = data;
    this.report = report;
    this.at = 0;
    this.number = 1;
    this.pieces = [];
    this.received = 0;
    this.message = null; // bytes of the message while FT:MSG is open
    this.cancelled = false;
    this.ended = false;
  }

  // A structured field, from its identification on; returns the records that answer it.
  field(field) {
    const request = (field[1] << 8) | field[2];
    switch (request) {
      case Request.OPEN:
        return this.open(field);
      case Request.CLOSE:
        return [reply(...two(CLOSED))];
      case Request.GET:
        return [this.get()];
      case Request.DATA:
        return [this.take(field)];
      case Request.SET_CURSOR:
      case Request.INSERT:
        return [];
      default:
        return [refusal(request, FAILED)];
    }
  }

  // The name stands at the end of the field.
  open(field) {
    const name = String.fromCharCode(...field.subarray(-7)).trim();
    if (name !== "FT:DATA" && name !== "FT:MSG") return [refusal(Request.OPEN, FAILED)];
    this.message = name === "FT:MSG" ? [] : null;
    this.report.begun();
    if (!this.message) this.number = 1;
    return [reply(...two(OPENED))];
  }

  get() {
    if (this.cancelled) return refusal(Request.GET, FAILED);
    if (this.data === null || this.at >= this.data.length) return refusal(Request.GET, END_OF_FILE);
    const piece = this.data.subarray(this.at, this.at + TRANSFER_LIMIT - OVERHEAD);
    this.at += piece.length;
    this.report.progress(this.at);
    const head = [...two(GOT), ...RECORD_NUMBER, ...four(this.number++), ...PLAIN, ...two(piece.length + 5)];
    const record = new Uint8Array(4 + head.length + piece.length);
    record.set([Aid.STRUCTURED_FIELD, ...two(record.length - 1), TRANSFER, ...head]);
    record.set(piece, 4 + head.length);
    return record;
  }

  take(field) {
    // request (2), compression (2), beginning of data (1), length (2, these five counted), data
    const length = ((field[6] << 8) | field[7]) - 5;
    const piece = field.slice(8, 8 + length);
    if (length < 0 || piece.length !== length) return refusal(Request.DATA, FAILED);
    if (this.message) {
      this.message.push(...piece);
      this.end();
    } else {
      if (this.cancelled || this.received + piece.length > MOST_BYTES) return refusal(Request.DATA, FAILED);
      this.pieces.push(piece);
      this.received += piece.length;
      this.report.progress(this.received);
    }
    return reply(...two(TAKEN), ...RECORD_NUMBER, ...four(this.number++));
  }

  end() {
    const text = String.fromCharCode(...this.message).replace(/\$\s*$/, "").trim();
    this.ended = true;
    if (this.cancelled) {
      this.report.failed("The transfer was cancelled.");
    } else if (text.startsWith("TRANS03")) {
      const whole = new Uint8Array(this.received);
      let at = 0;
      for (const piece of this.pieces) {
        whole.set(piece, at);
        at += piece.length;
      }
      this.report.done(text, whole);
    } else {
      this.report.failed(text);
    }
  }

  // Stop at the next block.
  cancel() {
    this.cancelled = true;
  }

  lost() {
    if (!this.ended) this.report.failed("The connection was lost.");
    this.ended = true;
  }
}
