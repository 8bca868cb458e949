"""OMA tapes: a list of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm.machine.device import MediaError
from cpvm.machine.media.tape.open import open_tape


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@TDF\nnone.txt TEXT\n", "line 2: .*none.txt: no such file"),
        ("@TDF\n\nx FIXED RECSIZE 0\n", "line 3: not FILE HEADERS"),
        ("@TDF\nx FIXED\n", "line 2: not FILE HEADERS"),
        ("@TDF\nx WHAT\n", "line 2: not FILE HEADERS"),
    ],
)
def test_a_list_that_is_wrong(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.tdf").write_text(text)
    with pytest.raises(MediaError, match=message):
        open_tape(tmp_path / "a.tdf")


def test_oma_in_all_its_forms(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"FIRST\r\n\r\nLAST\n\x1aREST")
    (tmp_path / "b.bin").write_bytes(b"12345678")
    header = (5).to_bytes(4, "little") + bytes(4) + b"@HDF" + bytes(4)
    (tmp_path / "c.oma").write_bytes(header + b"ABCDE" + bytes(11) + b"\xff" * 4 + bytes(4) + b"@HDF" + bytes(4))
    (tmp_path / "d.oma").write_bytes(header + b"ABC")
    lines = [
        "@TDF and a remark",
        "a.txt TEXT",
        "TM",
        "b.bin fixed recsize 3",
        "c.oma HEADERS",
        "d.oma HEADERS",
        "EOT",
        "no",
    ]
    (tmp_path / "a.tdf").write_bytes("\r\n".join(lines).encode())
    store = open_tape(tmp_path / "a.tdf")
    at, seen = 0, []
    while (block := store.forward(at)) is not None:
        back = store.backward(block.end)
        assert block.end == block.start or back == block
        seen.append(block.fault.split(":")[0] or block.data)
        if block.end == block.start:
            break
        at = block.end
    first, last = "FIRST".encode("cp037"), "LAST".encode("cp037")
    nothing = "a block of no bytes"
    assert seen[:-1] == [first, nothing, last, b"", b"", b"123", b"456", b"78", b"", b"ABCDE", b""]
    assert str(seen[-1]).endswith("d.oma")
