// Keys on the screen, for touch screens and for those who look for them.

const PF = Array.from({ length: 24 }, (_, n) => [`pf${n + 1}`, `PF${n + 1}`]);
const OTHERS = [
  ["pa1", "PA1"], ["pa2", "PA2"], ["pa3", "PA3"], ["clear", "CLEAR"], ["sysreq", "SYS REQ"], ["reset", "RESET"], ["insert", "INS"],
  ["erase eof", "ERASE EOF"], ["erase input", "ERASE INPUT"], ["backtab", "|←"], ["tab", "→|"], ["newline", "↵"],
  ["home", "HOME"], ["left", "←"], ["up", "↑"], ["down", "↓"], ["right", "→"], ["dup", "DUP"], ["field mark", "FM"],
  ["enter", "ENTER"],
];
const NAMES = {
  "|←": "Back tab", "→|": "Tab", "↵": "New line", "←": "Left", "↑": "Up", "↓": "Down", "→": "Right", INS: "Insert",
  FM: "Field mark",
};

// Fill `element` with buttons that call `act`.
export function makeKeypad(element, act) {
  for (const [group, keys] of [["pf", PF], ["others", OTHERS]]) {
    const row = document.createElement("div");
    row.className = `pad ${group}`;
    for (const [action, title] of keys) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = title;
      button.dataset.action = action;
      if (title in NAMES) button.setAttribute("aria-label", NAMES[title]);
      // the terminal keeps the focus, so that no keyboard pops up or goes away
      button.addEventListener("pointerdown", (event) => event.preventDefault());
      button.addEventListener("click", () => act(action));
      row.append(button);
    }
    element.append(row);
  }
}
