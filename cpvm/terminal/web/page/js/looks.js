// The looks of the tube: true to a 3278 or a 3279, or plain.

const GREEN = "#3fd873";
const BRIGHT = "#b4ffca";
const phosphor = (normal, bright) => ({ normal, bright });

const COLOUR = {
  green: "#3fe06f", blue: "#7aa5ff", red: "#ff5c57", pink: "#ff7ae2", turquoise: "#58e6e6", yellow: "#f4e45a",
  white: "#f6f6f2",
};

export const LOOKS = {
  3278: { title: "3278, green", tube: true, background: "#04120a", mono: phosphor(GREEN, BRIGHT), line: "#1e7a43" },
  3279: { title: "3279, colours", tube: true, background: "#07080c", colours: COLOUR, line: "#3a4a78" },
  amber: { title: "Amber", tube: true, background: "#140b02", mono: phosphor("#f5a524", "#ffe0a3"), line: "#80560f" },
  dark: { title: "Plain, dark", tube: false, background: "#101214", colours: COLOUR, line: "#4a4f57" },
  light: {
    title: "Plain, light", tube: false, background: "#ffffff", line: "#9aa0a8",
    colours: {
      green: "#0b6b2e", blue: "#0b46c4", red: "#b00020", pink: "#a0137c", turquoise: "#00666d", yellow: "#735500",
      white: "#14171a",
    },
  },
};

// The colour of a cell in a look.
export function inkOf(look, cell) {
  return look.mono ? (cell.bright ? look.mono.bright : look.mono.normal) : look.colours[cell.colour];
}

// The ink of the status line and of what else the terminal itself says.
export function ownInk(look) {
  return look.mono ? look.mono.normal : look.colours.blue;
}
