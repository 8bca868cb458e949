// Draws a screen on a canvas, sharply at any size: whole device pixels for each cell, and only rows that have changed.

import { rowCells } from "./cells.js";
import { LOOKS, inkOf, ownInk } from "./looks.js";
import { drawStatus } from "./statusline.js";

const FONTS = '"IBM 3270", "3270", "3270 Medium", "DejaVu Sans Mono", "Menlo", "Cascadia Mono", "Consolas", "Liberation Mono", monospace';
const FLAT = 1.8; // the least height of a cell, in widths
const TALL = 2.3; // and the most
const MARGIN = 1.4; // cells around the picture
const STATUS_ROWS = 1.6; // the status line and the line above it
const NARROWEST = 1.12; // characters may be that much higher than their width asks for
const BLINK_MS = 530;

export class View {
  // `holder` is the element whose size the picture takes; `session` has screen, keyboard and status.
  constructor(canvas, holder, session) {
    this.canvas = canvas;
    this.holder = holder;
    this.session = session;
    this.context = canvas.getContext("2d", { alpha: false });
    this.look = LOOKS[3278];
    this.selection = null; // {top, left, bottom, right} of cells
    this.drawn = []; // what each row showed when it was drawn last
    this.pending = false;
    this.blinkOff = false;
    this.blinking = false;
    this.focused = false;
    this.underscore = false; // the alternate cursor
    new ResizeObserver(() => this.resize()).observe(holder);
    setInterval(() => this.blink(), BLINK_MS);
  }

  setLook(name) {
    this.look = LOOKS[name] ?? LOOKS[3278];
    this.redraw();
  }

  // Draw soon; many changes are drawn at once.
  refresh() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.draw();
    });
  }

  redraw() {
    this.drawn = [];
    this.resize();
  }

  blink() {
    if (!this.blinking || !this.canvas.offsetParent) return;
    this.blinkOff = !this.blinkOff;
    this.refresh();
  }

  // Choose the largest cells of whole device pixels that fit.
  resize() {
    const ratio = window.devicePixelRatio || 1;
    const { rows, columns } = this.session.screen;
    const frame = this.canvas.closest(".case");
    // what is around the canvas takes room, too
    const width = (this.holder.clientWidth - (frame.offsetWidth - this.canvas.offsetWidth)) * ratio;
    const height = (this.holder.clientHeight - (frame.offsetHeight - this.canvas.offsetHeight)) * ratio;
    if (width <= 0 || height <= 0) return;
    const across = columns + 2 * MARGIN;
    const down = rows + STATUS_ROWS + MARGIN;
    const cell = Math.min(width / across, height / (down * FLAT));
    this.cellWidth = cell > 4 ? Math.floor(cell) : Math.max(cell, 1);
    this.cellHeight = Math.max(1, Math.floor(Math.min(this.cellWidth * TALL, height / down)));
    this.left = Math.round(this.cellWidth * MARGIN);
    this.top = Math.round(this.cellHeight * MARGIN * 0.45);
    this.canvas.width = Math.round(this.cellWidth * across);
    this.canvas.height = Math.round(this.cellHeight * down);
    this.canvas.style.width = `${this.canvas.width / ratio}px`;
    this.canvas.style.height = `${this.canvas.height / ratio}px`;
    this.size = [rows, columns];
    this.chooseFont();
    this.drawn = [];
    this.refresh();
  }

  // The font as high as a cell, and how far its characters are stretched to be as wide as one.
  chooseFont() {
    const context = this.context;
    context.font = `100px ${FONTS}`;
    const box = context.measureText("Mg|");
    const advance = context.measureText("M").width / 100;
    const ascent = box.fontBoundingBoxAscent / 100;
    const tall = ascent + box.fontBoundingBoxDescent / 100;
    const size = Math.min(this.cellHeight / tall, (this.cellWidth / advance) * NARROWEST);
    this.stretch = this.cellWidth / (advance * size);
    this.font = `${size}px ${FONTS}`;
    this.baseline = Math.round((this.cellHeight - tall * size) / 2 + ascent * size);
  }

  draw() {
    const { screen } = this.session;
    if (!this.size || this.size[0] !== screen.rows || this.size[1] !== screen.columns) {
      this.resize();
      if (!this.size) return;
    }
    const context = this.context;
    if (!this.drawn.length) {
      context.fillStyle = this.look.background;
      context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    }
    this.blinking = false;
    for (let row = 0; row < screen.rows; row++) this.drawRow(row);
    drawStatus(this);
  }

  drawRow(row) {
    const { screen, keyboard } = this.session;
    const cells = rowCells(screen, row);
    if (cells.some((cell) => cell.blink)) this.blinking = true;
    const here = Math.floor(screen.cursor / screen.columns) === row;
    const cursor = here ? screen.cursor % screen.columns : -1;
    const chosen = this.chosen(row);
    const key = JSON.stringify([cells, cursor, chosen, here && [keyboard.insert, this.focused],
      this.blinking && this.blinkOff]);
    if (this.drawn[row] === key) return;
    this.drawn[row] = key;
    const y = this.top + row * this.cellHeight;
    this.within(y, this.cellHeight, () => {
      cells.forEach((cell, column) => {
        const marked = chosen && column >= chosen[0] && column <= chosen[1];
        this.drawCell(cell, this.left + column * this.cellWidth, y, marked);
      });
      if (cursor >= 0) this.drawCursor(cells[cursor], this.left + cursor * this.cellWidth, y);
    });
  }

  // Draw in a strip of the picture, on nothing, and not beyond it.
  within(y, height, draw) {
    const context = this.context;
    context.save();
    context.beginPath();
    context.rect(0, y, this.canvas.width, height);
    context.clip();
    context.fillStyle = this.look.background;
    context.fillRect(0, y, this.canvas.width, height);
    draw();
    context.restore();
  }

  drawCell(cell, x, y, marked) {
    const context = this.context;
    const ink = inkOf(this.look, cell);
    const reverse = cell.reverse !== Boolean(marked);
    if (reverse) {
      context.fillStyle = ink;
      context.fillRect(x, y, this.cellWidth, this.cellHeight);
    }
    context.fillStyle = reverse ? this.look.background : ink;
    if (cell.character !== " " && !(cell.blink && this.blinkOff)) this.drawCharacter(cell.character, x, y);
    if (cell.underscore) {
      const thick = this.thickness;
      context.fillRect(x, y + this.cellHeight - 2 * thick, this.cellWidth, thick);
    }
  }

  drawCharacter(character, x, y) {
    const context = this.context;
    context.font = this.font;
    context.textBaseline = "alphabetic";
    context.textAlign = "center";
    if (this.look.tube) {
      context.shadowColor = context.fillStyle;
      context.shadowBlur = this.cellHeight / 6;
    }
    context.setTransform(this.stretch, 0, 0, 1, x + this.cellWidth / 2, y + this.baseline);
    context.fillText(character, 0, 0);
    context.resetTransform();
    context.shadowBlur = 0;
  }

  get thickness() {
    return Math.max(1, Math.round(this.cellHeight / 14));
  }

  drawCursor(cell, x, y) {
    const context = this.context;
    const ink = inkOf(this.look, cell);
    context.fillStyle = context.strokeStyle = ink;
    if (!this.focused) {
      context.lineWidth = this.thickness;
      const half = this.thickness / 2;
      context.strokeRect(x + half, y + half, this.cellWidth - this.thickness, this.cellHeight - this.thickness);
      return;
    }
    if (this.session.keyboard.insert || this.underscore) {
      const tall = this.session.keyboard.insert ? Math.round(this.cellHeight * 0.4) : 2 * this.thickness;
      context.fillRect(x, y + this.cellHeight - tall, this.cellWidth, tall);
      return;
    }
    context.fillRect(x, y, this.cellWidth, this.cellHeight);
    context.fillStyle = this.look.background;
    if (cell.character !== " ") this.drawCharacter(cell.character, x, y);
  }

  // The first and last chosen column of a row, or null.
  chosen(row) {
    const chosen = this.selection;
    return chosen && row >= chosen.top && row <= chosen.bottom ? [chosen.left, chosen.right] : null;
  }

  select(selection) {
    this.selection = selection;
    this.refresh();
  }

  // The position at a point of the window; null outside of the picture unless `clamp`.
  positionAt(clientX, clientY, clamp = false) {
    const box = this.canvas.getBoundingClientRect();
    const ratio = this.canvas.width / box.width;
    const { rows, columns } = this.session.screen;
    let column = Math.floor(((clientX - box.left) * ratio - this.left) / this.cellWidth);
    let row = Math.floor(((clientY - box.top) * ratio - this.top) / this.cellHeight);
    if (!clamp && (row < 0 || row >= rows || column < 0 || column >= columns)) return null;
    row = Math.min(Math.max(row, 0), rows - 1);
    column = Math.min(Math.max(column, 0), columns - 1);
    return { row, column };
  }

  get ownInk() {
    return ownInk(this.look);
  }
}
