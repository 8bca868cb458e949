// The page of terminals: puts its parts together.

import { fillKeyHelp } from "./keyhelp.js";
import { makeKeypad } from "./keypad.js";
import { LOOKS } from "./looks.js";
import { Panel } from "./panel.js";
import { MODELS, Session } from "./session.js";
import { keep, settings } from "./settings.js";
import { Tabs } from "./tabs.js";
import { FileDialog } from "./filedialog.js";

const element = (id) => document.getElementById(id);
const chosen = settings();

function tell(text) {
  const place = element("told");
  place.textContent = text;
  place.classList.add("shown");
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => place.classList.remove("shown"), 4000);
}

const tabs = new Tabs(element("tabs"), element("panels"), open, () => {
  const session = tabs.panel?.session;
  if (!session) return;
  document.title = `${session.title} – VM/370`;
  element("model").value = String(session.model);
});

function open() {
  const session = new Session(chosen.model);
  const panel = new Panel(element("panel"), session, { pageAction, drop: (names) => files.drop(names), tell });
  panel.view.setLook(chosen.look);
  applyCursor(panel);
  session.connect();
  return panel;
}

function applyCursor(panel) {
  panel.view.underscore = chosen.underscore;
  panel.view.redraw();
}

const files = new FileDialog(element("files"), () => tabs.panel, tell);

const PAGE_ACTIONS = {
  "new tab": () => tabs.add(),
  "next tab": () => tabs.step(1),
  "previous tab": () => tabs.step(-1),
  "alternate cursor": () => {
    chosen.underscore = !chosen.underscore;
    keep({ underscore: chosen.underscore });
    for (const tab of tabs.tabs) applyCursor(tab.panel);
  },
  leave: () => tabs.current.button.focus(),
  help: () => element("keyhelp").showModal(),
};

function pageAction(name) {
  if (!(name in PAGE_ACTIONS)) return false;
  PAGE_ACTIONS[name]();
  return true;
}

function applyLook(name) {
  const look = LOOKS[name] ?? LOOKS[3278];
  document.body.dataset.look = name in LOOKS ? name : "3278";
  document.body.classList.toggle("tubes", look.tube);
  for (const tab of tabs.tabs) tab.panel.view.setLook(name);
}

function showKeypad(visible) {
  element("keypad").hidden = !visible;
  element("pads").setAttribute("aria-expanded", String(visible));
}

for (const [name, look] of Object.entries(LOOKS)) element("look").add(new Option(look.title, name));
for (const [model, [rows, columns]] of Object.entries(MODELS)) {
  element("model").add(new Option(`Model ${model}: ${rows} × ${columns}`, model));
}
element("model").add(new Option("Fit the window", "fit"));
element("look").value = chosen.look;
element("look").addEventListener("change", (event) => {
  chosen.look = event.target.value;
  keep({ look: chosen.look });
  applyLook(chosen.look);
  tabs.panel.focus();
});
element("model").addEventListener("change", (event) => {
  chosen.model = event.target.value;
  keep({ model: chosen.model });
  tabs.panel.session.reconnectAs(chosen.model);
  tabs.panel.focus();
});
element("new").addEventListener("click", () => tabs.add());
element("pads").addEventListener("click", () => {
  chosen.keypad = element("keypad").hidden;
  keep({ keypad: chosen.keypad });
  showKeypad(chosen.keypad);
  tabs.panel.focus();
});
element("copy").addEventListener("click", () => tabs.panel.copy().catch((error) => tell(`Not copied: ${error.message}`)));
element("paste").addEventListener("click", () => tabs.panel.paste().catch((error) => tell(`Not pasted: ${error.message}`)));
element("keys").addEventListener("click", () => element("keyhelp").showModal());
element("transfer").addEventListener("click", () => files.show());
element("whole").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => tell("This browser has no full screen."));
});
for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("close", () => tabs.panel.focus());
document.addEventListener("keydown", (event) => {
  // Escape on the page's buttons leads back to the terminal
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) tabs.panel.focus();
});
addEventListener("beforeunload", (event) => {
  if (tabs.tabs.some((tab) => tab.panel.session.userid)) event.preventDefault();
});

// A page that was left may be kept by the browser, with its connections.
addEventListener("pagehide", () => tabs.tabs.forEach((tab) => tab.panel.session.suspend()));
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const tab of tabs.tabs) tab.panel.session.connect();
});

const hurry = () => tabs.tabs.forEach((tab) => tab.panel.session.hurry());
addEventListener("online", hurry);
document.addEventListener("visibilitychange", () => document.hidden || hurry());

makeKeypad(element("keypad"), (action) => tabs.panel.act(action));
fillKeyHelp(element("keytable"));
showKeypad(chosen.keypad);
applyLook(chosen.look);
tabs.add();
