"""What s3270 does with random data streams and keys: `python make_screen_vectors.py` writes `vectors/screen.jsonl`.

s3270 (of the x3270 suite) is connected to a TN3270 server in here, which sends it commands and notes what it answers.
The tests only need the file. A line is a scenario: model, whether extended, and steps. A step is a command with its
data; or keys, with whether s3270 took them; each with the cursor and, where the terminal sends one, its answer.
"""

from __future__ import annotations

import json
import random
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

SEED = 3270
SCENARIOS = 100
FILE = Path(__file__).parent / "vectors" / "screen.jsonl"
OPTIONS = [word for name in ("aidWait", "oerrLock", "unlockDelay", "blankFill") for word in ("-clear", name)]
IAC, DONT, DO, WONT, WILL, SB, SE, EOR = 255, 254, 253, 252, 251, 250, 240, 239
TERMINAL_TYPE, END_OF_RECORD, BINARY = 24, 25, 0
WRITE, ERASE_WRITE, ALTERNATE, UNPROTECTED, FIELD = 0xF1, 0xF5, 0x7E, 0x6F, 0xF3
READ_BUFFER, READ_MODIFIED, READ_ALL = 0xF2, 0xF6, 0x6E
SIZES = {2: (24, 80), 3: (32, 80), 4: (43, 80), 5: (27, 132)}
GRAPHICS = bytes.fromhex(
    "40c1c2c3c4c5c6c7c8c94a4b4c4d4e4f50d1d2d3d4d5d6d7d8d95a5b5c5d5e5f"
    "6061e2e3e4e5e6e7e8e96a6b6c6d6e6ff0f1f2f3f4f5f6f7f8f97a7b7c7d7e7f"
)


def pack(data: bytes) -> str:
    """Hexadecimal, with runs of a byte shortened."""
    return "".join(
        f"({run[0]:02x}*{len(run)})" if len(run) > 5 else run.hex()
        for run in (match[0] for match in re.finditer(rb"(.)\1*", data, re.DOTALL))
    )


def unpack(text: str) -> bytes:
    """What `pack` packed."""
    return bytes.fromhex(re.sub(r"\((..)\*(\d+)\)", lambda m: m[1] * int(m[2]), text))


class Terminal:
    """s3270, and the host that it is connected to."""

    def __init__(self, model: str) -> None:
        server = socket.create_server(("127.0.0.1", 0))
        self.process = subprocess.Popen(
            ["s3270", "-model", model, *OPTIONS, f"127.0.0.1:{server.getsockname()[1]}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.line = server.accept()[0]
        self.line.settimeout(20)
        self.raw = b""
        server.close()
        self.line.sendall(bytes((IAC, DO, TERMINAL_TYPE)))
        self._expect(bytes((IAC, WILL, TERMINAL_TYPE)))
        self.line.sendall(bytes((IAC, SB, TERMINAL_TYPE, 1, IAC, SE)))
        self._expect(bytes((IAC, SE)))
        for option in (END_OF_RECORD, BINARY):
            self.line.sendall(bytes((IAC, DO, option, IAC, WILL, option)))
            self._expect(bytes((IAC, WILL, option)))
            self._expect(bytes((IAC, DO, option)))
        self.send(ERASE_WRITE, bytes.fromhex("c31140401d4013"))  # s3270 wants an input field before it takes commands

    def _expect(self, text: bytes) -> None:
        while text not in self.raw:
            self.raw += self.line.recv(4096)
        self.raw = self.raw.replace(text, b"", 1) if text[-1:] != bytes((SE,)) else b""

    def send(self, command: int, data: bytes) -> None:
        record = bytes((command,)) + data
        self.line.sendall(record.replace(b"\xff", b"\xff\xff") + bytes((IAC, EOR)))

    def receive(self) -> bytes:
        """The next inbound record."""
        while True:
            match = re.search(rb"(?<!\xff)(?:\xff\xff)*\xff\xef", self.raw)
            if match:
                record, self.raw = self.raw[: match.end() - 2], self.raw[match.end() :]
                return record.replace(b"\xff\xff", b"\xff")
            self.raw += self.line.recv(65536)

    def action(self, text: str) -> tuple[bool, list[str], list[str]]:
        """Have an action done: whether it was taken, its output, and the status line."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        output: list[str] = []
        status: list[str] = []
        while True:
            line = self.process.stdout.readline().rstrip("\n")
            if line.startswith("data: "):
                output.append(line[6:])
            elif line in ("ok", "error"):
                return line == "ok", output, status
            else:
                status = line.split()

    def cursor(self) -> int:
        _, _, status = self.action("Query(Cursor)")
        columns = int(status[7])
        return int(status[8]) * columns + int(status[9])

    def close(self) -> None:
        self.process.stdin.close()  # type: ignore[union-attr]
        self.line.close()
        self.process.wait(20)


class Maker:
    """Makes one scenario."""

    def __init__(self, rng: random.Random, model: int, extended: bool) -> None:
        self.rng = rng
        self.model = model
        self.extended = extended
        self.size = 1920

    def address(self, within: int = 0) -> bytes:
        at = self.rng.choice((self.rng.randrange(self.size), self.rng.randrange(min(400, self.size)), 0, self.size - 1))
        at = within or at
        if self.rng.random() < 0.3:
            return bytes((at >> 8, at & 0xFF))
        return bytes((GRAPHICS[at >> 6], GRAPHICS[at & 63])) if at < 4096 else bytes((at >> 8, at & 0xFF))

    def text(self, most: int = 12) -> bytes:
        return bytes(
            self.rng.choice((0xC1, 0xC2, 0xD1, 0xF0, 0xF5, 0x40, 0x81)) for _ in range(self.rng.randint(1, most))
        )

    def attribute(self) -> int:
        return GRAPHICS[self.rng.choice((0, 0, 0, 1, 0x20, 0x20, 0x21, 0x30, 0x30, 0x10, 0x08, 0x28, 0x0C, 0x2C))]

    def pairs(self, field: bool) -> bytes:
        pairs = []
        if field and self.rng.random() < 0.8:
            pairs.append((0xC0, self.attribute()))
        for type, values in ((0x42, (0xF1, 0xF2, 0xF4)), (0x41, (0xF1, 0xF2, 0xF4)), (0x45, (0xF1, 0xF7))):
            if self.rng.random() < 0.4:
                pairs.append((type, self.rng.choice(values)))
        return bytes((len(pairs), *(byte for pair in pairs for byte in pair)))

    def order(self) -> bytes:
        rng = self.rng
        kind = rng.choice(
            ("text", "text", "sba", "sba", "sf", "sf", "sf", "ic", "ra", "eua", "pt", "pt", "null", "control")
            if not self.extended
            else ("text", "text", "sba", "sf", "sfe", "sfe", "sa", "ic", "mf", "ge", "ra")
        )
        if kind == "text":
            return self.text()
        if kind == "sba":
            return b"\x11" + self.address()
        if kind == "sf":
            return bytes((0x1D, self.attribute())) + (self.text(4) if rng.random() < 0.5 else b"")
        if kind == "ic":
            return b"\x13"
        if kind == "ra":
            ge = b"\x08" if self.extended and rng.random() < 0.2 else b""
            return b"\x3c" + self.address() + ge + bytes((rng.choice((0, 0x40, 0x5C, 0xC1)),))
        if kind == "eua":
            return b"\x12" + self.address()
        if kind == "pt":
            return b"\x05"
        if kind == "null":
            return bytes(rng.randint(1, 3))
        if kind == "control":
            return bytes((rng.choice((0x1C, 0x1E, 0x15, 0x0C, 0x19, 0x3F)),))
        if kind == "sfe":
            return b"\x29" + self.pairs(True)
        if kind == "mf":  # at an attribute that was just made
            where = b"\x11" + self.address(rng.randrange(1, 200))
            return where + bytes((0x1D, self.attribute())) + where + b"\x2c" + self.pairs(True)
        if kind == "sa":
            if rng.random() < 0.2:
                return b"\x28\x00\x00"
            type, values = rng.choice(((0x42, (0xF1, 0xF2)), (0x41, (0xF1, 0xF4))))
            return bytes((0x28, type, rng.choice((0, *values))))
        return bytes((0x08, rng.choice((0xC1, 0x70))))

    def stream(self) -> bytes:
        control = self.rng.choice((0xC3, 0xC3, 0xC2, 0xC1, 0x40, 0xC7))
        return bytes((control,)) + b"".join(self.order() for _ in range(self.rng.randint(1, 9)))

    KEYS = ("Tab", "Tab", "BackTab", "Newline", "Home", "Left", "Right", "Up", "Down", "EraseEOF", "EraseInput",
            "Dup", "FieldMark", "type", "type", "type", "type")  # fmt: skip

    def key(self) -> str:
        key = self.rng.choice(self.KEYS)
        if key.startswith("Erase") and self.extended:  # s3270 leaves the characters' attributes as they were
            key = "Tab"
        if key == "type":
            return f'type("{"".join(self.rng.choice("AB 19x") for _ in range(self.rng.randint(1, 9)))}")'
        return f"{key}()"


AIDS = ("Enter()", "Enter()", "Clear()", "PA(1)", "PA(2)", "PF(1)", "PF(10)", "PF(13)", "PF(24)")


def scenario(rng: random.Random) -> dict[str, Any]:
    """Run one scenario; what was done and what came of it."""
    model = rng.choice((2, 2, 2, 3, 4, 5))
    extended = rng.random() < 0.35
    maker = Maker(rng, model, extended)
    terminal = Terminal(f"3279-{model}")
    steps: list[dict[str, Any]] = []

    def send(command: int, data: bytes = b"", answered: bool = False) -> None:
        terminal.send(command, data)
        step: dict[str, Any] = {"command": command, "data": pack(data)}
        if answered:
            step["answer"] = pack(terminal.receive())
        else:  # s3270 is through with it when it has answered this
            terminal.send(READ_BUFFER, b"")
            terminal.receive()
        step["cursor"] = terminal.cursor()
        steps.append(step)

    def key(name: str) -> None:
        single = [f'Key("{char}")' for char in name[6:-2]] if name.startswith("type") else [name]
        for action in single:
            taken = terminal.action(action)[2][0] == "U"
            if not taken:
                break
        if not taken:  # an operator error has locked the keyboard
            terminal.action("Reset()")
        steps.append({"key": name, "taken": taken, "cursor": terminal.cursor()})

    for round in range(rng.randint(1, 4)):
        if round and rng.random() < 0.2 and not extended:
            send(UNPROTECTED)
        else:
            command = rng.choice((ERASE_WRITE, ERASE_WRITE, ALTERNATE)) if not round else WRITE
            if not round:
                maker.size = 1920 if command == ERASE_WRITE else SIZES[model][0] * SIZES[model][1]
                maker.size = min(maker.size, 4096)
            data = maker.stream()
            send(command, bytes((data[0] | 2,)) + data[1:] if round else data)
        if extended:
            mode = rng.choice((b"\x00", b"\x01", b"\x02\x42", b"\x02\x41\x42"))
            field = b"\x09\x00" + mode
            send(FIELD, (len(field) + 2).to_bytes(2, "big") + field)
        send(READ_BUFFER, answered=True)
        if extended and mode[0] == 2:  # s3270 gives characters their fields' attributes in Read Modified
            send(FIELD, bytes((0, 5, 9, 0, 0)))
        if not data[0] & 2 and not round:
            send(WRITE, b"\xc2")
        for _ in range(rng.randint(0, 9)):
            key(maker.key())
        send(READ_MODIFIED, answered=True)
        aid = rng.choice(AIDS)
        taken, output, status = terminal.action(aid)
        assert taken, (aid, output, status, steps)
        steps.append({"aid": aid, "answer": pack(terminal.receive()), "cursor": terminal.cursor()})
        send(READ_BUFFER, answered=True)
        send(READ_MODIFIED, answered=True)
        send(READ_ALL, answered=True)
    terminal.close()
    return {"model": model, "extended": extended, "steps": steps}


def main() -> None:
    rng = random.Random(SEED)
    lines = [json.dumps(scenario(rng), separators=(",", ":")) for _ in range(int([*sys.argv, SCENARIOS][1]))]
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
