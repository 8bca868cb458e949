// Sending files to CMS and receiving them: the dialog, the commands that it types, and how it went.

import { cmsName, cmsWords, localName } from "./cmsname.js";
import { MOST_BYTES, Transfer } from "./dft.js";
import { keep, settings } from "./settings.js";
import { PAGES, fromRecords, lossReport, toRecords } from "./textcode.js";

const START_MS = 15_000; // until the guest's program has to have begun
const QUIET_MS = 400;
const TEXT_TYPES = /\.(txt|asm|assemble|exec|rexx|rex|copy|macro|maclib|listing|fortran|f|cob|cobol|pli|c|h|py|js|md|csv|json|xml|html?|css|log|script|memo|helpcms|xedit|data|jcl|ini|cfg)$/i;

export class FileDialog {
  // `panel()` is the panel in front; `tell(text)` shows a short notice.
  constructor(dialog, panel, tell) {
    this.dialog = dialog;
    this.panel = panel;
    this.tell = tell;
    this.sent = 0; // of the files that were chosen together
    this.waiting = []; // files that come after the one that is being sent
    this.part = (name) => dialog.querySelector(`[name=${name}]`);
    this.status = dialog.querySelector(".status");
    this.bar = dialog.querySelector("progress");
    for (const page of PAGES) this.part("page").add(new Option(`Code page ${page}`, page));
    this.part("page").value = settings().page;
    this.part("page").addEventListener("change", () => keep({ page: this.part("page").value }));
    this.part("local").addEventListener("change", () => {
      this.sent = 0;
      this.offer([...this.part("local").files]);
    });
    for (const radio of dialog.querySelectorAll("[name=way]")) radio.addEventListener("change", () => this.arrange());
    this.part("kind").addEventListener("change", () => this.arrange());
    this.part("go").addEventListener("click", () => this.go());
    this.part("stop").addEventListener("click", () => this.stop());
    this.part("shut").addEventListener("click", () => dialog.close());
    this.arrange();
  }

  get sending() {
    return this.dialog.querySelector("[name=way]:checked").value === "send";
  }

  show() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  say(text, bad = false) {
    this.status.textContent = text;
    this.status.classList.toggle("bad", bad);
  }

  arrange() {
    this.dialog.classList.toggle("sending", this.sending);
    this.part("page").disabled = this.part("kind").value !== "text";
  }

  // Files from the user's computer: dropped, or chosen.
  drop(files) {
    if (this.running) {
      this.tell("A transfer is going on.");
      return;
    }
    this.dialog.querySelector("[name=way][value=send]").checked = true;
    this.sent = 0;
    this.arrange();
    this.offer(files);
    this.show();
  }

  offer(files) {
    this.waiting = files.slice(1);
    const [file] = files;
    this.file = file ?? null;
    if (!file) return;
    this.part("cms").value = cmsName(file.name);
    this.part("kind").value = file.type.startsWith("text/") || TEXT_TYPES.test(file.name) ? "text" : "binary";
    this.arrange();
    const others = this.waiting.length ? `, and ${this.waiting.length} more` : "";
    if (!this.running) this.say(`${file.name}, ${file.size.toLocaleString("en")} bytes${others}`);
  }

  async go() {
    const { session } = this.panel();
    const words = cmsWords(this.part("cms").value);
    if (!words) return this.say("The CMS file needs a name, a type and perhaps a mode: PROFILE EXEC A", true);
    if (!session.userid) return this.say("Log on first, and IPL CMS.", true);
    if (this.running) return undefined;
    return this.sending ? this.send(session, words) : this.receive(session, words);
  }

  async send(session, words) {
    if (!this.file) return this.say("Choose a file, or drop one on the terminal.", true);
    if (this.file.size > MOST_BYTES) return this.say(`A file may have ${MOST_BYTES >> 20} MB at most.`, true);
    const bytes = new Uint8Array(await this.file.arrayBuffer());
    const options = [];
    let data = bytes;
    let report = "";
    if (this.part("kind").value === "text") {
      const page = this.part("page").value;
      let text;
      try {
        text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      } catch {
        return this.say("This is not a text in UTF-8; send it as binary.", true);
      }
      const records = toRecords(text, page);
      report = lossReport(records.lost, page);
      data = records.bytes;
      options.push("CRLF");
    }
    const format = this.part("recfm").value;
    const length = this.part("lrecl").value.trim();
    if (format) options.push("RECFM", format);
    if (length && !(Number(length) >= 1 && Number(length) <= 65535)) {
      return this.say("The record length is a number, 1 to 65535.", true);
    }
    if (length) options.push("LRECL", length);
    if (this.part("append").checked) options.push("APPEND");
    return this.start(session, command("PUT", words, options), data, (message) => {
      this.sent += 1;
      const last = this.waiting.length === 0;
      const all = last && this.sent > 1 ? `${this.sent} files` : "";
      this.say([all, message, report].filter(Boolean).join("\n"), Boolean(report));
      if (!last && !report) {
        this.offer(this.waiting);
        whenQuiet(session, () => this.go());
      }
    });
  }

  receive(session, words) {
    const text = this.part("kind").value === "text";
    const page = this.part("page").value;
    return this.start(session, command("GET", words, text ? ["CRLF"] : []), null, (message, bytes) => {
      let content = bytes;
      let report = "";
      if (text) {
        const lines = fromRecords(bytes, page);
        content = lines.text;
        if (lines.controls.length) {
          const codes = lines.controls.slice(0, 8).map((code) => `X'${code.toString(16).toUpperCase().padStart(2, "0")}'`);
          report = `The file has control codes (${codes.join(" ")}): perhaps it is binary.`;
        }
      }
      download(content, localName(words, text), text);
      this.say([message, report].filter(Boolean).join("\n"), Boolean(report));
    });
  }

  start(session, typed, data, done) {
    if (session.screen.locked) return this.say("The keyboard is locked; wait until CMS is ready.", true);
    this.running = session.transfer = new Transfer(data, {
      begun: () => clearTimeout(this.timer),
      progress: (bytes) => this.progress(bytes, data?.length),
      done: (message, bytes) => this.ended(session, () => done(message, bytes)),
      failed: (message) => this.ended(session, () => this.say(message, true)),
    });
    this.dialog.classList.add("running");
    this.say(`${typed} …`);
    this.progress(0, data?.length);
    session.act("erase input");
    for (const character of typed) session.act(character);
    session.act("enter");
    this.timer = setTimeout(() => this.notBegun(session), START_MS);
    return undefined;
  }

  // The guest's program has not answered: something else has read the line, or there is no such program.
  notBegun(session) {
    this.ended(session, () => this.say("IND$FILE has not begun: is CMS ready? See the screen.", true));
  }

  progress(bytes, total) {
    if (total) {
      this.bar.max = total;
      this.bar.value = bytes;
    } else {
      this.bar.removeAttribute("value");
    }
    if (bytes) this.say(`${bytes.toLocaleString("en")} bytes`);
  }

  stop() {
    if (!this.running) return;
    this.running.cancel();
    this.say("Cancelling…");
  }

  ended(session, then) {
    clearTimeout(this.timer);
    session.transfer = null;
    this.running = null;
    this.bar.max = 1;
    this.bar.value = 0;
    this.dialog.classList.remove("running");
    then();
  }
}

// Wait until the keyboard is unlocked and the system has drawn what it had to draw.
function whenQuiet(session, then) {
  let timer;
  const look = () => {
    clearTimeout(timer);
    if (!session.screen.locked) timer = setTimeout(go, QUIET_MS);
  };
  const go = () => {
    session.removeEventListener("record", look);
    then();
  };
  session.addEventListener("record", look);
  look();
}

function command(what, words, options) {
  return `IND$FILE ${what} ${words.join(" ")}${options.length ? ` (${options.join(" ")}` : ""}`;
}

function download(content, name, text) {
  const blob = new Blob([content], { type: text ? "text/plain;charset=utf-8" : "application/octet-stream" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
