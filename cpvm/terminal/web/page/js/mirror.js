// The screen as text: for screen readers, and for whoever searches the page. New lines are read out.

import { screenText } from "./cells.js";

const QUIET_MS = 350; // what comes close together is read out together
const MOST_LINES = 24;

export class Mirror {
  // `text` shows all rows; `live` is a live region that gets what is new.
  constructor(text, live, session) {
    this.text = text;
    this.live = live;
    this.session = session;
    this.before = [];
    this.fresh = [];
  }

  // Take over the screen as it is now.
  update() {
    const { screen } = this.session;
    const rows = screenText(screen);
    const here = Math.floor(screen.cursor / screen.columns);
    rows.forEach((row, n) => {
      // what the user types is not read out: the screen reader says the keys
      if (row.trim() && row !== this.before[n] && (n !== here || screen.locked)) this.fresh.push(row.trim());
    });
    this.before = rows;
    const text = rows.join("\n");
    if (this.text.textContent !== text) this.text.textContent = text;
    if (this.fresh.length) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.announce(), QUIET_MS);
    }
  }

  announce() {
    this.say(this.fresh.slice(-MOST_LINES).join("\n"));
    this.fresh = [];
  }

  say(text) {
    this.live.textContent = "";
    // a region that is emptied and filled at once is not read again
    requestAnimationFrame(() => (this.live.textContent = text));
  }

  readAll() {
    this.say(this.before.filter((row) => row.trim()).join("\n"));
  }
}
