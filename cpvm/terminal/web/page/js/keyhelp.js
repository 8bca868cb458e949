// The keyboard map, as a table made from the map itself.

import { KEYMAP, PAGE_KEYS, keyName } from "./keymap.js";

export function fillKeyHelp(table) {
  const body = table.tBodies[0];
  const row = (what, keys) => {
    const line = body.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = what;
    line.append(head);
    const cell = line.insertCell();
    keys.forEach((key, n) => {
      if (n) cell.append(" or ");
      const mark = document.createElement("kbd");
      mark.textContent = key;
      cell.append(mark);
    });
  };
  row("PF1 to PF12", ["F1 to F12"]);
  row("PF13 to PF24", ["Shift+F1 to Shift+F12"]);
  for (const [action, keys, what] of KEYMAP) {
    if (what && !/^pf\d+$/.test(action)) row(what, keys.map(keyName));
    else if (action === "pf7" || action === "pf8") if (keys[0].startsWith("Page")) row(what, keys.map(keyName));
  }
  row("Mark a rectangle from the cursor on", ["Shift+arrows"]);
  for (const [, keys, what] of PAGE_KEYS) if (what) row(what, keys.map(keyName));
}
