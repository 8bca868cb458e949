"""Exchanges tapes with Hercules' own tools, in both directions, and compares them byte for byte. Not one of the tests.

    python tests/machine/media/tape_tools.py 50

Needs hetinit, hetmap, hetget, hetupd and tapemap. (tapecopy reads and writes real SCSI tapes only.)
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from cpvm.front import tape as command
from cpvm.machine.media.tape.open import open_tape

LENGTHS = (1, 2, 18, 79, 80, 81, 800, 3200, 4095, 4096, 4097, 32760, 65534, 65535)


def tool(*words: str | Path, fails: bool = False) -> str:
    """Run a tool; its standard output."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert fails or done.returncode == 0, f"{words}: {done.stdout[-500:]} {done.stderr[-500:]}"
    return done.stdout


def cpvm(*words: str | Path) -> str:
    """Run `cpvm tape`; its standard output."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert command.run(parser.parse_args([str(word) for word in words])) == 0, words
    return out.getvalue()


def write(path: Path, blocks: list[bytes], bzip2: bool = False) -> Path:
    """Write a tape; an empty block is a tape mark."""
    path.unlink(missing_ok=True)
    store, at = open_tape(path, bzip2=bzip2), 0
    for block in blocks:
        at = (store.write(at, block) if block else store.mark(at)).end
    store.close()
    return path


def read(path: Path) -> list[bytes]:
    """Read a tape, forward, and backward again."""
    store, at = open_tape(path, read_only=True), 0
    blocks = []
    while (block := store.forward(at)) is not None:
        assert not block.fault, f"{path}: {block.fault}"
        blocks.append(block.data)
        at = block.end
    assert store.tail(at) == 0
    for data in reversed(blocks):
        block = store.backward(at)
        assert block is not None
        assert block.data == data
        at = block.start
    assert store.backward(at) is None
    store.close()
    return blocks


def some_blocks(chance: random.Random, compressible: bool) -> list[bytes]:
    blocks = []
    for _ in range(chance.randint(1, 60)):
        length = chance.choice(LENGTHS)
        plain = chance.randbytes(chance.randint(1, 40))
        repeated = (plain * (length // len(plain) + 1))[:length]
        blocks.append(
            b""
            if chance.random() < 0.2
            else repeated
            if compressible or chance.random() < 0.5
            else chance.randbytes(length)
        )
    return [*blocks, b"", b""]


def exchange(folder: Path, chance: random.Random) -> None:
    """A tape through every format, theirs and ours."""
    blocks = some_blocks(chance, compressible=False)
    ours = write(folder / "ours.aws", blocks)
    image = ours.read_bytes()
    counts = re.findall(r"File \d+: Blocks=(\d+), block size min=(\d+), max=(\d+)", tool("tapemap", ours))
    assert counts == described(blocks), f"tapemap: {counts}"
    counts = re.findall(r"File \d+: Blocks=(\d+), block size min=(\d+), max=(\d+)", tool("hetmap", "-t", ours))
    assert counts == described(blocks), f"hetmap: {counts}"
    for name, bzip2 in (("zlib.het", False), ("bzip2.het", True)):
        packed = write(folder / name, blocks, bzip2)
        tool("hetupd", "-d", packed, folder / "back.aws")
        assert (folder / "back.aws").read_bytes() == image, name
    for name, options in (
        ("z.het", ["-z"]),
        ("chunks.het", ["-z", "-c", "4096"]),
        ("s.aws", ["-s"]),
        ("best.het", ["-9"]),
    ):
        tool("hetupd", *options, ours, folder / name)
        assert read(folder / name) == blocks, name
        cpvm("copy", "--force", folder / name, folder / "again.aws")
        assert (folder / "again.aws").read_bytes() == image, name
    for name in ("x.tap", "x.e11", "x.het"):
        cpvm("copy", "--force", ours, folder / name)
        cpvm("copy", "--force", folder / name, folder / "again.aws")
        assert (folder / "again.aws").read_bytes() == image, name
    soft = some_blocks(chance, compressible=True)  # its bzip2 takes no block that would grow
    soft = [block if not block or len(block) > 3000 else block * (3000 // len(block) + 1) for block in soft]
    theirs = folder / "b.het"
    tool("hetupd", "-b", "-c", "4096", write(folder / "soft.aws", soft), theirs)
    assert read(theirs) == soft, "bzip2"


def described(blocks: list[bytes]) -> list[tuple[str, str, str]]:
    """What the maps say of the files of a tape."""
    files, lengths = [], []
    for block in blocks:
        if block:
            lengths.append(len(block))
        else:
            files.append((str(len(lengths)), str(min(lengths, default=0)), str(max(lengths, default=0))))
            lengths = []
    return files


def labelled(folder: Path, chance: random.Random) -> None:
    """New tapes, and files with and without labels."""
    cpvm("init", "--force", folder / "l.aws", "--volume", "abc123", "--owner", "somebody")
    (folder / "h.aws").unlink(missing_ok=True)
    tool("hetinit", "-d", folder / "h.aws", "abc123", "somebody")
    assert (folder / "l.aws").read_bytes() == (folder / "h.aws").read_bytes()
    cpvm("init", "--force", folder / "n.aws")
    (folder / "h.aws").unlink()
    tool("hetinit", "-n", folder / "h.aws")
    assert (folder / "n.aws").read_bytes() == (folder / "h.aws").read_bytes()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789.,-"
    text = folder / "text.txt"
    lines = ["".join(chance.choices(letters, k=chance.randint(0, 70))) + "X" for _ in range(chance.randint(1, 400))]
    text.write_text("\n".join(lines) + "\n")
    for recfm, lrecl, blksize in (("F", 80, 80), ("FB", 80, 3200), ("V", 100, 104), ("VB", 100, 2000)):
        form = ["--recfm", recfm, "--lrecl", str(lrecl), "--blksize", str(blksize)]
        tape = folder / chance.choice(("t.aws", "t.het"))
        cpvm("init", "--force", tape, "--volume", "abc123")
        cpvm("import", tape, text, *form, "--text")
        cpvm("import", tape, text, *form, "--text")
        for number, physical in ((1, 2), (2, 5)):
            out = folder / "out.txt"
            tool("hetget", "-a", "-u", "-s", tape, out, str(number))
            assert out.read_text() == text.read_text(), f"hetget {recfm}"
            cpvm("export", tape, str(physical), out, "--text")
            assert out.read_text() == text.read_text(), f"export {recfm}"
        tape.unlink()
        cpvm("import", tape, text, *form, "--text")
        tool("hetget", "-n", "-a", "-u", "-s", tape, folder / "out.txt", "1", recfm[0], str(lrecl), str(blksize))
        assert (folder / "out.txt").read_text() == text.read_text(), f"hetget -n {recfm}"


def main(rounds: int) -> None:
    for seed in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            exchange(Path(folder), random.Random(seed))
            labelled(Path(folder), random.Random(seed))
    print(f"{rounds} rounds of tapes exchanged with Hercules' tools, all the same")


if __name__ == "__main__":
    main(int(sys.argv[1]))
