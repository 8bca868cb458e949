"""Code page 310: what stands behind a graphic escape, the lines of boxes and the characters of APL.

Source: *3174 Character Set Reference*, GA27-3831, "APL/TEXT". The underscored letters of APL have no score here.
"""

from __future__ import annotations

from typing import Final

_RUNS: Final = {
    0x41: "ABCDEFGHI", 0x51: "JKLMNOPQR", 0x62: "STUVWXYZ",
    0x70: "⋄∧¨⌻⍸⍷⊢⊣∨", 0x80: "∼║═⎸⎹│", 0x8A: "↑↓≤⌈⌊→",
    0x90: "⎕▌▐▀▄█", 0x9A: "⊃⊂⌑○±←", 0xA0: "¯°─∙ₙ", 0xAA: "∩∪⊥[≥∘",
    0xB0: "⍺∈⍳⍴⍵", 0xB6: "×∖÷", 0xBA: "∇∆⊤]≠│",
    0xC0: "{⁽⁺■└┌├┴§", 0xCA: "⍲⍱⌷⌽⍂⍉", 0xD0: "}⁾⁻┼┘┐┤┬¶", 0xDA: "⌶!⍒⍋⍞⍝",
    0xE0: "≡₁₂₃⍤⍥⍪€", 0xEA: "⌿⍀∵⊖⌹⍕", 0xF0: "⁰¹²³⁴⁵⁶⁷⁸⁹", 0xFB: "⍫⍙⍟⍎",
}  # fmt: skip

MISSING: Final = "·"
"""Stands for a code that has no character."""

GRAPHICS: Final = {first + n: char for first, run in _RUNS.items() for n, char in enumerate(run)} | {
    0x40: " ",
    0x00: " ",
}
"""Characters by code, each one column wide."""
