// The line below the screen, as on a 3278: whether the terminal is connected, why input is inhibited, insert mode,
// where the cursor is.

export function drawStatus(view) {
  const { session, context, cellWidth, cellHeight } = view;
  const { screen, keyboard } = session;
  const columns = screen.columns;
  const y = view.top + screen.rows * cellHeight + Math.round(cellHeight * 0.3);
  const width = columns * cellWidth;
  const row = Math.floor(screen.cursor / columns) + 1;
  const column = (screen.cursor % columns) + 1;
  const where = `${String(row).padStart(2, "0")}/${String(column).padStart(3, "0")}`;
  const waiting = session.waiting ? `${session.waiting} typed ahead` : "";
  const texts = [
    [0, session.connected ? "4" : "-"],
    [2, session.connected ? "B" : ""],
    [8, session.sign],
    [Math.floor(columns * 0.4), waiting],
    [Math.floor(columns * 0.65), keyboard.insert ? "^ INSERT" : ""],
    [Math.floor(columns * 0.78), session.line],
    [columns - where.length, where],
  ];
  view.within(y - 2 * view.thickness, cellHeight + 4 * view.thickness, () => {
    context.fillStyle = view.look.line;
    context.fillRect(view.left, y - view.thickness, width, view.thickness);
    context.fillStyle = view.ownInk;
    for (const [at, text] of texts) {
      [...text].forEach((character, n) => {
        if (character !== " ") view.drawCharacter(character, view.left + (at + n) * cellWidth, y + view.thickness);
      });
    }
    // the 3278 draws a box around the letter of a terminal that is connected
    if (session.connected) {
      const low = y + cellHeight - view.thickness;
      context.fillRect(view.left + 2 * cellWidth - 1, low, cellWidth + 2, view.thickness);
    }
  });
}
