"""What a 3270 tells of itself."""

import random

from cpvm.machine.media.screen import Screen, structured
from cpvm.terminal.queryreply import read_replies


def test_what_a_screen_replies_is_understood() -> None:
    for size in ((24, 80), (43, 80), (27, 132), (62, 160)):
        reply = structured.write(Screen(24, 80, size, extended=True), bytes((0, 5, 1, 0xFF, 2)))
        assert read_replies(reply) == (size, True)


def test_nonsense_says_nothing() -> None:
    area = bytes.fromhex("88 0017 81 81 01 00 0050 0018 01 000a02e50002006f 09 0c 0780")
    assert read_replies(area) == ((24, 80), False)
    for wrong in (b"", b"\x88", b"\x7d" + area[1:], area[:9], area.replace(b"\x00\x50", b"\x00\x4f")):
        assert read_replies(wrong) == (None, False)
    choice = random.Random(2)
    for _ in range(2000):
        data = bytearray(area * 2)
        for _ in range(3):
            data[choice.randrange(len(data))] = choice.randrange(256)
        size, _ = read_replies(bytes(data))
        assert size is None or 1920 <= size[0] * size[1] <= 0x4000
