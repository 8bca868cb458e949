"""Makes the files in `tapes`: one tape in every format. They were exchanged with Hercules' hetupd (see tape_tools.py).

python tests/machine/media/make_tapes.py
"""

from __future__ import annotations

import zlib
from pathlib import Path

from cpvm.machine.media.tape.open import open_tape

FILES = Path(__file__).parent / "tapes"
BLOCKS = [b"\xc1" * 80, bytes(range(256)) * 20, b"", b"\xe7", b"", b""]


def segmented(blocks: list[bytes], size: int, compress: bool) -> bytes:
    """AWSTAPE or HET in segments of `size` bytes, as `hetupd -c` or `hetupd -s` writes them."""
    image, before = b"", 0
    for block in blocks:
        if not block:
            image += bytes(2) + before.to_bytes(2, "little") + b"\x40\0"
            before = 0
            continue
        packed = zlib.compress(block, 4) if compress else block
        method = 1 if len(packed) < len(block) else 0
        stored = packed if method else block
        for at in range(0, len(stored), size):
            part = stored[at : at + size]
            flags = method | (0 if at else 0x80) | (0x20 if at + size >= len(stored) else 0)
            image += len(part).to_bytes(2, "little") + before.to_bytes(2, "little") + bytes((flags, 0)) + part
            before = len(part)
    return image


def main() -> None:
    FILES.mkdir(exist_ok=True)
    for name in ("aws.aws", "het.het", "bzip2.het", "tap.tap", "e11.e11"):
        (FILES / name).unlink(missing_ok=True)
        store, at = open_tape(FILES / name, bzip2=name.startswith("bzip2")), 0
        for block in BLOCKS:
            at = (store.write(at, block) if block else store.mark(at)).end
        store.close()
    (FILES / "strict.aws").write_bytes(segmented(BLOCKS, 4096, False))
    (FILES / "chunks.het").write_bytes(segmented(BLOCKS, 100, True))
    first, second = (b"".join(_described(b) for b in BLOCKS[:2]), BLOCKS[3])
    (FILES / "first.oma").write_bytes(first)
    (FILES / "second.bin").write_bytes(second)
    (FILES / "oma.tdf").write_text("@TDF\nfirst.oma HEADERS\nsecond.bin FIXED RECSIZE 80\nTM\nEOT\n")


def _described(block: bytes) -> bytes:
    return len(block).to_bytes(4, "little") + bytes(4) + b"@HDF" + bytes(4) + block + bytes(-len(block) % 16)


if __name__ == "__main__":
    main()
