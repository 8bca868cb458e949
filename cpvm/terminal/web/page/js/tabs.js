// Several sessions in tabs: a tab list as the ARIA practices have it, one panel each.

export class Tabs {
  // `open()` makes a panel; `changed()` is called when another one is in front.
  constructor(list, holder, open, changed) {
    this.list = list;
    this.holder = holder;
    this.open = open;
    this.changed = changed;
    this.tabs = [];
    this.current = null;
    this.count = 0;
    list.addEventListener("keydown", (event) => this.keydown(event));
  }

  get panel() {
    return this.current?.panel ?? null;
  }

  add() {
    const panel = this.open();
    const number = ++this.count;
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("role", "tab");
    button.id = `tab${number}`;
    panel.element.id = `panel${number}`;
    panel.element.setAttribute("aria-labelledby", button.id);
    button.setAttribute("aria-controls", panel.element.id);
    const light = document.createElement("span");
    light.className = "light";
    light.setAttribute("aria-hidden", "true");
    const title = document.createElement("span");
    const close = document.createElement("button");
    close.type = "button";
    close.className = "close";
    close.textContent = "×";
    const place = document.createElement("div");
    place.className = "tab";
    place.setAttribute("role", "presentation");
    button.append(light, title);
    place.append(button, close);
    this.list.append(place);
    this.holder.append(panel.element);
    const tab = { panel, button, place, title, close };
    this.tabs.push(tab);
    button.addEventListener("click", () => this.select(tab));
    close.addEventListener("click", () => this.remove(tab));
    panel.session.addEventListener("state", () => this.name(tab));
    panel.session.addEventListener("record", () => place.classList.toggle("news", tab !== this.current));
    this.name(tab);
    this.select(tab);
    return panel;
  }

  name(tab) {
    const { session } = tab.panel;
    tab.title.textContent = session.title;
    tab.place.classList.toggle("connected", session.connected);
    tab.close.setAttribute("aria-label", `Close ${session.title}`);
    tab.button.title = session.userid ? `${session.userid} at ${session.line}` : session.line;
    if (tab === this.current) this.changed();
  }

  select(tab) {
    this.current = tab;
    for (const other of this.tabs) {
      const chosen = other === tab;
      other.button.setAttribute("aria-selected", String(chosen));
      other.button.tabIndex = chosen ? 0 : -1;
      other.place.classList.toggle("current", chosen);
      if (chosen) other.place.classList.remove("news");
      other.panel.show(chosen);
    }
    this.changed();
  }

  step(by) {
    const at = this.tabs.indexOf(this.current);
    this.select(this.tabs[(at + by + this.tabs.length) % this.tabs.length]);
  }

  remove(tab) {
    const { session } = tab.panel;
    if (session.userid && !confirm(`${session.userid} is logged on. Close the terminal? The session stays, disconnected.`)) {
      return;
    }
    session.close();
    tab.panel.element.remove();
    tab.place.remove();
    const at = this.tabs.indexOf(tab);
    this.tabs.splice(at, 1);
    if (!this.tabs.length) this.add();
    else if (tab === this.current) this.select(this.tabs[Math.min(at, this.tabs.length - 1)]);
  }

  keydown(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) {
      this.step(by);
      this.current.button.focus();
      event.preventDefault();
    } else if (event.key === "Delete") {
      this.remove(this.current);
    }
  }
}
