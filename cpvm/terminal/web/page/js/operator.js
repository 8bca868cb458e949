// The operator's page: sign-on, the live picture, commands.

import { History, showPicture } from "./picture.js";

const element = (id) => document.getElementById(id);
const MOST_TEXT = 200_000; // characters of responses that are kept on the page

let socket = null;
let history = new History();
const typed = [];
let place = 0;

function show(id) {
  element("signon").hidden = id !== "signon";
  element("system").hidden = id !== "system";
  if (id === "signon") element("form").elements.userid.focus();
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/operator/live`, "cpvm-operator");
  socket.onopen = () => {
    element("state").textContent = "";
    show("system");
  };
  socket.onmessage = (event) => {
    const said = JSON.parse(event.data);
    if ("response" in said) respond(said);
    else showPicture(said, history);
  };
  socket.onclose = (event) => {
    socket = null;
    if (event.code === 1008) show("signon");
    else if (event.code !== 1000 && !document.hidden) again();
  };
}

// Try once more: the page may be signed on still.
async function again() {
  try {
    const answer = await fetch("/operator/session", { cache: "no-store" });
    if (answer.status === 401) return show("signon");
    if (answer.ok) {
      setTimeout(connect, 500);
      return undefined;
    }
  } catch {
    // no server: below
  }
  element("state").textContent = "No connection to the system; trying again…";
  setTimeout(again, 3000);
  return undefined;
}

function respond({ command, response, code }) {
  const place = element("responses");
  const lines = [`> ${command.toUpperCase()}`, ...response];
  if (code) lines.push(`RETURN CODE ${code}`);
  place.append(`${lines.join("\n")}\n`);
  if (place.textContent.length > MOST_TEXT) place.textContent = place.textContent.slice(-MOST_TEXT / 2);
  place.parentElement.scrollTop = place.parentElement.scrollHeight;
}

element("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { userid, password } = event.target.elements;
  element("refused").textContent = "";
  try {
    const answer = await fetch("/operator/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ userid: userid.value, password: password.value }),
    });
    password.value = "";
    if (answer.ok) {
      history = new History();
      connect();
    } else {
      element("refused").textContent = answer.status === 401 ? (await answer.json()).message : await answer.text();
      password.focus();
    }
  } catch {
    element("refused").textContent = "The system does not answer.";
  }
});

element("off").addEventListener("click", async () => {
  socket?.close(1000);
  await fetch("/operator/session", { method: "DELETE" });
  element("responses").textContent = "";
  show("signon");
});

element("entry").addEventListener("submit", (event) => {
  event.preventDefault();
  const line = element("line").value;
  if (!line.trim() || socket?.readyState !== WebSocket.OPEN) return;
  typed.push(line);
  place = typed.length;
  socket.send(JSON.stringify({ command: line }));
  element("line").value = "";
});

element("line").addEventListener("keydown", (event) => {
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  place = Math.min(Math.max(place + by, 0), typed.length);
  element("line").value = typed[place] ?? "";
});

// A page that nobody sees asks for nothing.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) socket?.close(1000);
  else if (!socket && element("signon").hidden) again();
});

addEventListener("pagehide", () => socket?.close(1000));
addEventListener("pageshow", (event) => {
  if (event.persisted) again();
});

again();
