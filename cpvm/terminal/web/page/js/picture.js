// The live picture of the system on the operator's page.

const KEPT = 90; // values of a curve, one every two seconds

// What the curves need of the past.
export class History {
  constructor() {
    this.curves = {};
    this.before = new Map(); // total milliseconds of each user, and when
  }

  add(name, value) {
    const curve = (this.curves[name] ??= []);
    curve.push(value);
    if (curve.length > KEPT) curve.shift();
    return curve;
  }

  // How busy a user has kept the processors since the last picture, percent.
  share(user, now) {
    const last = this.before.get(user.userid);
    this.before.set(user.userid, [user.total, now]);
    if (!last || user.total < last[0] || now <= last[1]) return 0;
    return Math.round(((user.total - last[0]) * 100) / (now - last[1]));
  }
}

export function showPicture(picture, history) {
  const put = (id, text) => (document.getElementById(id).textContent = text);
  put("node", picture.system.node);
  put("time", `${picture.system.time} – up ${duration(picture.system.up)}`);
  put("userid", picture.userid);
  put("classes", picture.classes);
  document.getElementById("nobody").hidden = picture.here;
  document.getElementById("line").disabled = !picture.here;
  showLoad(picture, history);
  for (const section of document.querySelectorAll("[data-part]")) {
    const part = picture[section.dataset.part];
    section.hidden = part === undefined;
    if (part !== undefined) PARTS[section.dataset.part](section, part, history);
  }
}

function duration(seconds) {
  const days = Math.floor(seconds / 86400);
  const clock = new Date((seconds % 86400) * 1000).toISOString().slice(11, 19);
  return days ? `${days} d ${clock}` : clock;
}

function showLoad({ system, load }, history) {
  const gauges = [["Users", system.users, null, `most ${system.peak}`], ["Terminals", system.terminals, null, ""]];
  if (load) {
    gauges.push(["CPU", `${load.cpu}%`, load.cpu, ""]);
    if (load.attached !== null) gauges.push([`${load.processors - 1} attached`, `${load.attached}%`, load.attached, ""]);
    gauges.push(["Storage", `${load.storage}%`, load.storage, ""]);
    gauges.push(["Q1 / Q2", load.queues.join(" / "), null, ""]);
  }
  document.getElementById("gauges").replaceChildren(...gauges.map((gauge) => drawGauge(gauge, history)));
}

function drawGauge([title, value, percent, note], history) {
  const gauge = document.createElement("div");
  gauge.className = "gauge";
  const name = document.createElement("span");
  name.textContent = title;
  const number = document.createElement("b");
  number.textContent = value;
  number.title = note;
  gauge.append(name, number);
  if (percent !== null) gauge.append(drawCurve(history.add(title, percent)));
  return gauge;
}

function drawCurve(values) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${KEPT} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  const first = KEPT - values.length;
  const points = values.map((value, n) => `${first + n + 1},${98 - value * 0.96}`);
  line.setAttribute("points", [`${first},101`, ...points, `${KEPT + 1},${98 - values.at(-1) * 0.96}`, `${KEPT + 1},101`].join(" "));
  svg.append(line);
  return svg;
}

function fill(section, rows, numbers) {
  const body = section.querySelector("tbody");
  body.replaceChildren(
    ...rows.map((row) => {
      const line = document.createElement("tr");
      row.forEach((value, n) => {
        const cell = line.insertCell();
        cell.textContent = value;
        if (numbers.includes(n)) cell.className = "n";
      });
      return line;
    }),
  );
}

function count(section, text) {
  section.querySelector(".count").textContent = text;
}

const seconds = (milliseconds) => (milliseconds / 1000).toFixed(2);

const PARTS = {
  users(section, users, history) {
    const now = performance.now();
    count(section, users.length);
    fill(section, users.map((user) => [
      user.userid, user.line, user.state, `${user.storage}K`, `${history.share(user, now)}%`, seconds(user.virtual),
      seconds(user.total), user.io, user.pages,
    ]), [3, 4, 5, 6, 7, 8]);
  },
  spool(section, queues) {
    count(section, Object.entries(queues).map(([queue, { count: number }]) => `${queue} ${number}`).join(", "));
    fill(section, Object.entries(queues).flatMap(([queue, { files }]) => files.map((file) => [
      queue, file.owner, String(file.id).padStart(4, "0"), file.class, file.name, file.records, file.copies, file.hold,
      file.created,
    ])), [2, 5, 6]);
  },
  devices(section, lines) {
    count(section, lines.length);
    section.querySelector("pre").textContent = lines.join("\n");
  },
  lines(section, lines) {
    count(section, lines.length);
    section.querySelector("pre").textContent = lines.join("\n");
  },
};
