// One terminal: its connection (a WebSocket; one binary frame is one 3270 record), its screen, and its keyboard with
// what was typed ahead. Tells by events: `change` (the picture), `state` (connection, title), `alarm`, `record`.

import { Command, Aid } from "./codes.js";
import { readBuffer, readModified } from "./inbound.js";
import { Inhibited, Keyboard } from "./keyboard.js";
import { write } from "./orders.js";
import { Screen, StreamError } from "./screen.js";
import { writeStructured } from "./structured.js";

export const MODELS = { 2: [24, 80], 3: [32, 80], 4: [43, 80], 5: [27, 132] };
// Rows and columns of a model; `fit` has as many as the window shows in a comfortable size.
export function sizeOf(model) {
  if (model !== "fit") return MODELS[model] ?? MODELS[2];
  const within = (value, least, most) => Math.min(Math.max(Math.floor(value), least), most);
  return [within((window.innerHeight - 190) / 19, 24, 62), within((window.innerWidth - 120) / 9.5, 80, 160)];
}

const MOST_AHEAD = 2000; // keys
const RETRY_SECONDS = [1, 2, 4, 8, 15, 30];
const SILENCE_MS = 50_000; // the server says something every 20 seconds
const ENDED = 1000; // close code: the system has ended the connection in good order
const REFUSED = 1008;

export class Session extends EventTarget {
  constructor(model = 2) {
    super();
    this.model = model;
    this.userid = "";
    this.line = "";
    this.connected = false;
    this.notice = ""; // why there is no connection, for people
    this.retryAt = 0;
    this.attempts = 0;
    this.closed = false;
    this.transfer = null; // what takes the fields of a file transfer
    this.comeback = ""; // the user who was logged on when the connection was lost
    this.fresh();
    this.watch = setInterval(() => this.check(), 5000);
  }

  fresh() {
    this.screen = new Screen(sizeOf(this.model));
    this.keyboard = new Keyboard(this.screen);
    this.ahead = [];
    this.inhibited = "";
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // ---- the connection

  connect() {
    clearTimeout(this.timer);
    this.retryAt = 0;
    if (this.socket) {
      this.socket.onclose = null;
      this.socket.close();
    }
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/terminal`, "cpvm-3270");
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heard = Date.now();
    this.notice = "Connecting…";
    socket.onopen = () => {
      this.fresh();
      this.connected = true;
      this.notice = "";
      this.tell("state");
      this.tell("change");
    };
    socket.onmessage = (event) => {
      this.heard = Date.now();
      if (typeof event.data === "string") this.service(event.data);
      else this.receive(new Uint8Array(event.data));
    };
    socket.onclose = (event) => this.lost(event.code, event.reason);
    this.tell("state");
  }

  // Use another model: a new connection.
  reconnectAs(model) {
    this.model = model;
    this.attempts = 0;
    this.comeback = this.userid;
    this.connect();
  }

  lost(code, reason) {
    this.connected = false;
    this.socket = null;
    this.transfer?.lost();
    if (this.closed) return;
    if (this.userid) this.comeback = this.userid;
    this.userid = "";
    if (code === ENDED || code === REFUSED) {
      this.comeback = code === ENDED ? "" : this.comeback;
      this.notice = reason || "The system has ended the connection.";
    } else {
      const seconds = RETRY_SECONDS[Math.min(this.attempts++, RETRY_SECONDS.length - 1)];
      this.notice = "The connection is lost. Your machine goes on without you.";
      if (!this.comeback) this.notice = "There is no connection to the system.";
      this.retryAt = Date.now() + seconds * 1000;
      this.timer = setTimeout(() => this.connect(), seconds * 1000);
    }
    this.tell("state");
    this.tell("change");
  }

  // A connection that is silent for too long is gone, even if nobody has said so.
  check() {
    if (this.connected && Date.now() - this.heard > SILENCE_MS) {
      const socket = this.socket;
      socket.onclose = null;
      socket.close();
      this.lost(1006, "");
    }
  }

  // The network may be back, or the user is: do not wait any longer.
  hurry() {
    this.check();
    if (!this.connected && this.retryAt) this.connect();
  }

  // The page goes away, perhaps to come back: the user is disconnected meanwhile.
  suspend() {
    clearTimeout(this.timer);
    if (!this.socket) return;
    this.socket.onclose = null;
    this.socket.close(ENDED);
    this.lost(1001, "");
    clearTimeout(this.timer);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.watch);
    this.socket?.close(ENDED);
  }

  send(record) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(record);
  }

  // What the server tells of the connection itself.
  service(text) {
    const said = JSON.parse(text);
    if ("line" in said) this.line = said.line;
    if ("userid" in said) {
      this.userid = said.userid;
      if (said.userid) this.comeback = "";
    }
    this.tell("state");
    this.tell("change");
  }

  // ---- records

  receive(record) {
    this.attempts = 0;
    try {
      for (const answer of this.carryOut(record[0], record.subarray(1))) this.send(answer);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.inhibited = "X PROG";
      console.warn(`3270 data stream: ${error.message}`);
      this.send('{"refused": true}');
    }
    const alarms = this.screen.alarms;
    if (alarms !== this.alarms) {
      this.alarms = alarms;
      this.tell("alarm");
    }
    if (!this.screen.locked) {
      this.inhibited = "";
      this.welcomeBack();
      this.typeAhead();
    }
    this.tell("record");
    this.tell("change");
  }

  carryOut(command, data) {
    const screen = this.screen;
    switch (command) {
      case Command.STRUCTURED_FIELD:
        return writeStructured(screen, data, (field) => this.transfer?.field(field) ?? []);
      case Command.READ_BUFFER:
        return [readBuffer(screen)];
      case Command.READ_MODIFIED:
        return [readModified(screen)];
      case Command.READ_MODIFIED_ALL:
        return [readModified(screen, true)];
      case Command.WRITE:
      case Command.ERASE_WRITE:
      case Command.ERASE_WRITE_ALTERNATE:
      case Command.ERASE_ALL_UNPROTECTED:
        write(screen, command, data);
        return [];
      default:
        throw new StreamError(`X'${command?.toString(16)}' is no command`);
    }
  }

  // After a lost connection: the LOGON command stands there, ENTER and the password bring the session back.
  welcomeBack() {
    if (!this.comeback || !this.connected || this.userid) return;
    const command = `LOGON ${this.comeback}`;
    this.comeback = "";
    for (const character of command) this.act(character);
  }

  // ---- keys

  // Do what a key stands for: a name of an action, or one character to type.
  act(action) {
    if (action === "reset") {
      this.ahead = [];
      this.inhibited = "";
      this.keyboard.reset();
    } else if (action === "sysreq") {
      this.send('{"key": "sysreq"}');
    } else if (!this.connected) {
      if (action === "enter") this.connect();
    } else if (this.screen.locked || this.ahead.length) {
      if (this.ahead.length < MOST_AHEAD) this.ahead.push(action);
    } else {
      this.perform(action);
    }
    this.tell("change");
  }

  typeAhead() {
    while (this.ahead.length && !this.screen.locked && this.connected) this.perform(this.ahead.shift());
  }

  perform(action) {
    this.inhibited = "";
    try {
      if ([...action].length === 1) this.keyboard.type(action);
      else if (action in EDITING) EDITING[action](this.keyboard);
      else if (action.startsWith("move ")) this.keyboard.move(Math.min(Number(action.slice(5)), this.screen.size - 1));
      else if (action === "select") {
        if (this.keyboard.select()) this.send(readModified(this.screen));
      } else {
        this.keyboard.press(action);
        this.send(readModified(this.screen));
        this.tell("sent", action);
      }
    } catch (error) {
      if (!(error instanceof Inhibited)) throw error;
      this.inhibited = error.sign;
      this.ahead = [];
      this.tell("inhibited", error.message);
    }
  }

  // Type a text of several lines: where there is one place to type, a line's end is ENTER, elsewhere a new line.
  paste(text) {
    const lines = text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n");
    if (lines.length > 1 && lines.at(-1) === "") lines.pop();
    const single = this.screen.fields().filter((field) => !(this.screen.text[field] & 0x20)).length <= 1;
    lines.forEach((line, n) => {
      for (const character of line) this.act(character);
      if (n < lines.length - 1) this.act(single ? "enter" : "newline");
    });
  }

  // Characters that wait for the keyboard.
  get waiting() {
    return this.ahead.length;
  }

  // What the status line says of the keyboard.
  get sign() {
    if (!this.connected) return "X NOT CONNECTED";
    return this.inhibited || (this.screen.locked ? "X SYSTEM" : "");
  }

  get title() {
    return this.userid || this.line || "…";
  }
}

const EDITING = {
  tab: (keys) => keys.tab(),
  backtab: (keys) => keys.backTab(),
  home: (keys) => keys.home(),
  end: (keys) => keys.fieldEnd(),
  newline: (keys) => keys.newLine(),
  left: (keys) => keys.step(0, -1),
  right: (keys) => keys.step(0, 1),
  up: (keys) => keys.step(-1, 0),
  down: (keys) => keys.step(1, 0),
  "word left": (keys) => keys.word(-1),
  "word right": (keys) => keys.word(1),
  delete: (keys) => keys.delete(),
  backspace: (keys) => keys.backspace(),
  "erase eof": (keys) => keys.eraseToEnd(),
  "erase input": (keys) => keys.eraseInput(),
  insert: (keys) => (keys.insert = !keys.insert),
  dup: (keys) => keys.duplicate(),
  "field mark": (keys) => keys.fieldMark(),
};

export { Aid };
