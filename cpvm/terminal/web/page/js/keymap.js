// Which keys do what: one table, for the keyboard and for the page that shows it.

// Action, keys as KeyboardEvent names them (modifiers C-, A-, S- in front), what it is.
export const KEYMAP = [
  ["enter", ["Enter", "NumpadEnter"], "ENTER: send the screen"],
  ["clear", ["Pause", "A-c"], "CLEAR: empty the screen; after MORE... or HOLDING go on"],
  ["pa1", ["A-1", "C-F1"], "PA1: attention, to CP"],
  ["pa2", ["A-2", "C-F2"], "PA2: next page of output"],
  ["pa3", ["A-3", "C-F3"], "PA3"],
  ["sysreq", ["A-q"], "SYS REQ: to CP, whatever program has the screen"],
  ["reset", ["Escape"], "RESET: unlock the keyboard, forget what is typed ahead"],
  ["tab", ["Tab"], "Next field"],
  ["backtab", ["S-Tab"], "Field before"],
  ["newline", ["S-Enter"], "New line: first field of the next row"],
  ["home", ["Home"], "First field"],
  ["end", ["End"], "End of what is in the field"],
  ["left", ["ArrowLeft"], ""],
  ["right", ["ArrowRight"], ""],
  ["up", ["ArrowUp"], ""],
  ["down", ["ArrowDown"], ""],
  ["word left", ["C-ArrowLeft"], "Word to the left"],
  ["word right", ["C-ArrowRight"], "Word to the right"],
  ["insert", ["Insert", "A-i"], "Insert mode on and off"],
  ["delete", ["Delete"], "Delete the character at the cursor"],
  ["backspace", ["Backspace"], "Delete the character before the cursor"],
  ["erase eof", ["C-Delete", "S-End"], "ERASE EOF: erase to the end of the field"],
  ["erase input", ["A-e"], "ERASE INPUT: erase all fields"],
  ["dup", ["A-d"], "DUP"],
  ["field mark", ["A-m"], "FIELD MARK"],
  ["select", ["A-s"], "Cursor select, as by light pen"],
  ["pf7", ["PageUp"], "PF7, often backward"],
  ["pf8", ["PageDown"], "PF8, often forward"],
];
for (let n = 1; n <= 12; n++) KEYMAP.push([`pf${n}`, [`F${n}`], n === 1 ? "PF1 to PF12" : ""]);
for (let n = 1; n <= 12; n++) KEYMAP.push([`pf${n + 12}`, [`S-F${n}`], n === 1 ? "PF13 to PF24" : ""]);

// Keys of the page itself.
export const PAGE_KEYS = [
  ["copy", ["C-c", "C-Insert"], "Copy what is marked, or the screen"],
  ["paste", ["C-v", "S-Insert"], "Paste at the cursor"],
  ["mark left", ["S-ArrowLeft"], ""],
  ["mark right", ["S-ArrowRight"], ""],
  ["mark up", ["S-ArrowUp"], ""],
  ["mark down", ["S-ArrowDown"], ""],
  ["mark all", ["C-a"], "Mark the whole screen"],
  ["alternate cursor", ["A-u"], "ALT CR: block or underscore as the cursor"],
  ["new tab", ["A-n"], "New session"],
  ["next tab", ["A-ArrowRight"], "Next session"],
  ["previous tab", ["A-ArrowLeft"], "Session before"],
  ["leave", ["A-t"], "Out of the terminal, to the page's buttons (Escape comes back)"],
  ["read", ["A-r"], "Read the screen aloud again"],
  ["help", ["A-k"], "This list"],
];

const TABLE = new Map([...KEYMAP, ...PAGE_KEYS].flatMap(([action, keys]) => keys.map((key) => [key, action])));

// The action of a key, null if it has none.
export function actionOf(event) {
  const named = event.key.length === 1 ? (event.code?.match(/^(?:Key|Digit)(.)$/)?.[1] ?? event.key).toLowerCase() : event.key;
  const key = event.code === "NumpadEnter" ? "NumpadEnter" : named;
  const control = event.ctrlKey || event.metaKey ? "C-" : "";
  const modifiers = control + (event.altKey ? "A-" : "") + (event.shiftKey && event.key.length > 1 ? "S-" : "");
  return TABLE.get(modifiers + key) ?? null;
}

// A key as people read it.
export function keyName(key) {
  const names = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", NumpadEnter: "Enter (digits)", Escape: "Esc" };
  const parts = key.match(/^((?:[CAS]-)*)(.+)$/);
  const modifiers = parts[1].replaceAll("C-", "Ctrl+").replaceAll("A-", "Alt+").replaceAll("S-", "Shift+");
  const name = names[parts[2]] ?? (parts[2].length === 1 ? parts[2].toUpperCase() : parts[2]);
  return modifiers + name;
}
