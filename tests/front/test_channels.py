"""`cpvm ipl --selector`: what STIDC says of the channels."""

import io
from pathlib import Path

import pytest

from cpvm import cli

IDENTIFY = """\
* Stores the ID of channel 1 and returns its first byte.
IDENTIFY CSECT
         USING *,15
         DC    X'B2030100'         STIDC X'100'
         SR    2,2
         IC    2,168
         LR    15,2
         BR    14
         END
"""


@pytest.mark.parametrize(("words", "kind"), [((), 0x20), (("--selector", "1"), 0), (("--selector", "2,1"), 0)])
def test_types_of_channels(words: tuple[str, ...], kind: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    Path("identify.assemble").write_text(IDENTIFY)
    assert cli.main(["asm", "identify.assemble"]) == 0
    assert cli.main(["ipl", "identify.text", "--device", "180,3420", *words]) == kind


@pytest.mark.parametrize("words", ["0", "G", "1,", "10", ""])
def test_no_such_channels(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["ipl", "--selector", words])
    assert ended.value.code == 2
    assert "channels are 1 to F" in capsys.readouterr().err
