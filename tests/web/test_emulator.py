"""The page's 3270 against the one in Python: the same records, the same buffer, the same answers."""

from __future__ import annotations

import random
from base64 import b64decode, b64encode

import pytest

from cpvm.machine.media.screen import Screen, StreamError, read_buffer, read_modified, structured, write
from cpvm.machine.media.screen.keyboard import Inhibited, Keyboard
from cpvm.s370.datastream import REMOTE, Order, encode_address
from cpvm.s370.ebcdic import to_ebcdic

ROUNDS = 400
_ALL_PAGE = """
const { Screen, StreamError } = await import('/js/screen.js');
const { write } = await import('/js/orders.js');
const { readBuffer, readModified } = await import('/js/inbound.js');
const { writeStructured } = await import('/js/structured.js');
const { Keyboard, Inhibited } = await import('/js/keyboard.js');
const from = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const to = (bytes) => btoa(String.fromCharCode(...bytes));
"""
_RUN = (
    _ALL_PAGE
    + """
return args[0].map(([size, records, keys]) => {
  const screen = new Screen(size);
  screen.locked = false;
  const answers = [];
  for (const record of records.map(from)) {
    try {
      if (record[0] === 0xf3) {
        for (const a of writeStructured(screen, record.subarray(1), () => [])) answers.push(to(a));
      } else write(screen, record[0], record.subarray(1));
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      answers.push('error');
    }
  }
  const keyboard = new Keyboard(screen);
  for (const [name, argument] of keys) {
    try {
      if (name === 'type') keyboard.type(argument); else keyboard[name]();
    } catch (error) {
      if (!(error instanceof Inhibited)) throw error;
      answers.push('inhibited');
    }
  }
  return { answers, buffer: to(readBuffer(screen)), modified: to(readModified(screen)),
    everything: to(readModified(screen, true)), cursor: screen.cursor, locked: screen.locked, alarms: screen.alarms,
    size: [screen.rows, screen.columns] };
});
"""
)
_METHODS = {
    "tab": "tab", "backTab": "back_tab", "home": "home", "newLine": "new_line", "eraseToEnd": "erase_to_end",
    "eraseInput": "erase_input", "fieldMark": "field_mark", "duplicate": "duplicate",
}  # fmt: skip


def address(choice: random.Random, size: int) -> bytes:
    return encode_address(choice.randrange(size), size if choice.random() < 0.7 else 0x2000)


def orders(choice: random.Random, size: int) -> bytes:
    """A data stream that mostly makes sense."""
    out = bytearray((0xC0 | choice.randrange(16),))
    for _ in range(choice.randrange(1, 25)):
        kind = choice.randrange(14)
        attribute = choice.choice((0x40, 0xC1, 0x60, 0xF0, 0xC8, 0x4C, 0xD0))
        if kind < 4:
            out += to_ebcdic("".join(choice.choices("ABC abc 123,.-", k=choice.randrange(1, 30))))
        elif kind == 4:
            out += bytes((Order.SBA,)) + address(choice, size)
        elif kind == 5:
            out += bytes((Order.SF, attribute))
        elif kind == 6:
            pairs = [
                (0xC0, attribute),
                (0x42, 0xF0 + choice.randrange(8)),
                (0x41, choice.choice((0, 0xF1, 0xF2, 0xF4))),
            ]
            some = choice.sample(pairs, choice.randrange(4))
            out += bytes((Order.SFE, len(some), *(byte for pair in some for byte in pair)))
        elif kind == 7:
            out += bytes((Order.SA, *choice.choice(((0x42, 0xF2), (0x41, 0xF4), (0, 0), (0x43, 0xF1), (0x46, 1)))))
        elif kind == 8:
            out += bytes((Order.RA,)) + address(choice, size) + choice.choice((b"\x00", b"\x5c", b"\x08\xa2"))
        elif kind == 9:
            out += bytes((Order.EUA,)) + address(choice, size)
        elif kind == 10:
            out += bytes((Order.PT,))
        elif kind == 11:
            out += bytes((Order.IC,))
        elif kind == 12:
            out += bytes((Order.GE, choice.choice((0x85, 0xA2, 0xC5))))
        else:
            out += bytes((Order.MF, 1, 0xC0, attribute))
    return bytes(out)


def record(choice: random.Random, size: int) -> bytes:
    kind = choice.randrange(12)
    if kind == 0:
        return bytes((0xF3, 0, 5, 1, 0xFF, 2))
    if kind == 1:
        return bytes((0xF3, 0, 5, 1, 0, choice.choice((0xF2, 0xF6, 0x6E))))
    if kind == 2:
        return bytes((0xF3, 0, choice.choice((5, 6, 7)), 9, 0, choice.randrange(4), 0x42, 0x41))
    if kind == 3:
        return bytes((choice.choice(tuple(REMOTE)[:5]),)) + choice.randbytes(choice.randrange(40))
    if kind == 4:
        return b"\x6f"
    if kind == 5:
        inner = bytes((0x40, 0, 0xF1)) + orders(choice, size)
        return b"\xf3" + (len(inner) + 2).to_bytes(2, "big") + inner
    return choice.choice((b"\xf1", b"\xf1", b"\xf5", b"\x7e")) + orders(choice, size)


def keys(choice: random.Random) -> list[tuple[str, str]]:
    names = [*_METHODS, *["type"] * 8]
    return [(choice.choice(names), choice.choice("Az 1.x")) for _ in range(choice.randrange(12))]


def in_python(size: tuple[int, int], records: list[bytes], pressed: list[tuple[str, str]]) -> dict[str, object]:
    """The same with the emulator in Python."""
    screen = Screen(24, 80, size, extended=True)
    answers: list[str] = []
    for data in records:
        try:
            command = REMOTE[data[0]]
            if data[0] == 0xF3:
                if answer := structured.write(screen, data[1:]):
                    answers.append(b64encode(answer).decode())
            else:
                write(screen, command, data[1:])
        except StreamError:
            answers.append("error")
    keyboard = Keyboard(screen)
    for name, argument in pressed:
        try:
            if name == "type":
                keyboard.type(argument)
            else:
                getattr(keyboard, _METHODS[name])()
        except Inhibited:
            answers.append("inhibited")
    text = [b64encode(reply.data).decode() for reply in (read_buffer(screen), read_modified(screen))]
    return {
        "answers": answers,
        "buffer": text[0],
        "modified": text[1],
        "everything": b64encode(read_modified(screen, everything=True).data).decode(),
        "cursor": screen.cursor,
        "locked": screen.locked,
        "alarms": screen.alarms,
        "size": [screen.rows, screen.columns],
    }


def without_transfer(answers: list[str]) -> list[str]:
    """The page says in its query reply that it can transfer files, which a bare screen does not."""
    cut = []
    for answer in answers:
        data = b64decode(answer) if answer not in ("error", "inhibited") else b""
        if data[:1] == b"\x88":
            at, fields = 1, []
            while at < len(data):
                length = int.from_bytes(data[at : at + 2], "big")
                fields.append(data[at + 2 : at + length])
                at += length
            kept = [field for field in fields if field[1] not in (0x80, 0x95)]
            summary = [bytes(code for code in field if code != 0x95) for field in fields if field[1] == 0x80]
            cut.append(repr((summary, kept)))
        else:
            cut.append(answer)
    return cut


@pytest.mark.parametrize("size", [(24, 80), (43, 80), (27, 132)])
def test_records_and_keys_do_the_same_as_in_python(page, size) -> None:
    choice = random.Random(3270 + size[0])
    cases = []
    for _ in range(ROUNDS):
        buffer = size[0] * size[1]
        cases.append((size, [record(choice, buffer) for _ in range(choice.randrange(1, 5))], keys(choice)))
    sent = [[list(size), [b64encode(one).decode() for one in records], pressed] for size, records, pressed in cases]
    results = page.module(_RUN, sent)
    page.complaints()
    for case, result in zip(cases, results, strict=True):
        expected = in_python(*case)
        result["answers"] = without_transfer(result["answers"])
        expected["answers"] = without_transfer(expected["answers"])
        assert result == expected, f"records {[one.hex() for one in case[1]]}, keys {case[2]}"


def test_editing_keys(page) -> None:
    script = (
        _ALL_PAGE
        + """
    const { rowText } = await import('/js/cells.js');
    const screen = new Screen();
    const keys = new Keyboard(screen);
    const row = () => rowText(screen, 0);
    const refused = (act) => { try { act(); return ''; } catch (e) { return e.sign; } };
    const type = (text) => { for (const c of text) keys.type(c); };
    // a field of ten, a numeric one of three, the rest protected
    write(screen, 0xf5, Uint8Array.of(0xc3, 0x1d, 0x40, 0x13, 0x11, 0x40, 0x4b, 0x1d, 0x50, 0x11, 0x40, 0x4f, 0x1d,
      0x60));
    const seen = [];
    type('ABCDE'); keys.step(0, -3); keys.insert = true; type('xy'); seen.push(row());
    keys.backspace(); seen.push(row()); keys.delete(); seen.push(row());
    keys.fieldEnd(); seen.push(screen.cursor); keys.insert = false; type('12345'); seen.push(row(), screen.cursor);
    seen.push(refused(() => keys.type('A'))); type('9.-'); seen.push(row(), screen.cursor);
    seen.push(refused(() => keys.type('A')));
    keys.home(); keys.insert = true; seen.push(refused(() => keys.type('Q')));
    seen.push(refused(() => keys.type('€'))); keys.word(1); seen.push(screen.cursor);
    keys.press('enter'); seen.push(screen.locked, refused(() => keys.type('Q')));
    keys.reset(); seen.push(screen.locked, keys.insert);
    return seen;
    """
    )
    assert page.module(script) == [
        " ABxyCDE",
        " ABxCDE",
        " ABxDE",
        6,
        " ABxDE12345",
        12,
        "X NUM",
        " ABxDE12345 9.-",
        16,
        "X <-o->",
        "X >",
        "X -s",
        12,
        True,
        "X SYSTEM",
        False,
        False,
    ]


def test_attributes_are_what_is_displayed(page) -> None:
    script = (
        _ALL_PAGE
        + """
    const { rowCells } = await import('/js/cells.js');
    const screen = new Screen();
    write(screen, 0xf5, Uint8Array.of(0xc3, 0x1d, 0x4c, 0xc1, 0x29, 3, 0xc0, 0xc8, 0x42, 0xf2, 0x41, 0xf4, 0xc2,
      0x28, 0x42, 0xf5, 0x28, 0x41, 0xf2, 0xc3, 0x28, 0x41, 0xf1, 0x08, 0xc5, 0x1d, 0x60, 0xc4));
    return rowCells(screen, 0).slice(0, 9).map((c) =>
      [c.character, c.colour, c.bright, c.reverse, c.underscore, c.blink].map(String).join());
    """
    )
    cells = page.module(script)
    assert cells[1].startswith(" ,")  # not displayed
    assert cells[3] == "B,red,true,false,true,false"
    assert cells[4] == "C,turquoise,true,true,false,false"
    assert cells[5] == "┌,turquoise,true,false,false,true"
    assert cells[7] == "D,turquoise,false,false,false,true"  # what Set Attribute has set holds on
