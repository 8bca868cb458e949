// What the user has chosen, kept in this browser.

const NAME = "cpvm-terminal";
const DEFAULTS = { look: "3278", model: 2, keypad: matchMedia("(pointer: coarse)").matches, underscore: false, page: "037" };

export function settings() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(NAME) ?? "{}") };
  } catch {
    return { ...DEFAULTS };
  }
}

export function keep(change) {
  try {
    localStorage.setItem(NAME, JSON.stringify({ ...settings(), ...change }));
  } catch {
    // a browser that keeps nothing: the choice lasts until the page is closed
  }
}
