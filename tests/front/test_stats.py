"""What `cpvm ipl` tells of engines: figures at the end, and why it is slow, if it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assembler import assemble
from cpvm import cli
from cpvm.front import enginestats
from cpvm.machine import engines
from cpvm.machine.engines import COMPILED, REFERENCE, TRANSLATED, EngineStatistics

needs_llvmlite = pytest.mark.skipif(not engines.available(), reason="there is no llvmlite")

LOOP = """LOOP     CSECT
         USING *,15
         L     1,COUNT
         BCT   1,*
         LA    15,7
         BR    14
COUNT    DC    F'{}'
         END
"""


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(engines.VARIABLE, raising=False)
    return write(3000)


def write(count: int) -> Path:
    path = Path("loop.text")
    path.write_bytes(b"".join(assemble(LOOP.format(count)).deck))
    return path


@pytest.mark.parametrize("engine", [REFERENCE, *(name for name in (COMPILED, TRANSLATED) if engines.available())])
def test_figures_at_the_end(engine: str, deck: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ipl", str(deck), "--engine", engine, "--stats"]) == 7
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("DISABLED WAIT")
    total = int(told[0].split()[-2])
    figures = {line[:14].strip(): line[14:].split() for line in told[1:]}
    assert figures["engine"] == [engine]
    assert figures["instructions"] == [f"{total:,}"]
    assert figures["processor time"][1] == "s"
    assert figures["speed"][1] == "MIPS"
    if engine == REFERENCE:
        assert "native" not in figures
    else:
        native, reference = (int(figures[name][0].replace(",", "")) for name in ("native", "reference"))
        assert native + reference == total
        assert native > 2900
        assert "native code came back because" in told


def test_no_figures_unless_asked_for(deck: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ipl", str(deck)]) == 7
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_figures_at_the_panel(deck: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.script").write_text("pause 1000 instructions\nstats\n")
    assert cli.main(["ipl", str(deck), "--engine", REFERENCE, "--script", "a.script"]) == 7
    shown = capsys.readouterr().out.splitlines()
    assert "engine         reference" in shown
    assert "instructions             1,000" in shown


def test_everything_there_is_to_tell() -> None:
    found = EngineStatistics(
        "translated", 4_000_000, 3_000_000, 0.5, 12, 10, 1, 1, {"budget used": 1234567, "done in Python": 8}, "slow"
    )
    assert list(enginestats.lines(found)) == [
        "engine         translated",
        "               slow",
        "instructions         4,000,000",
        "  native             3,000,000   75.0 %",
        "  reference          1,000,000   25.0 %",
        "processor time           0.500 s",
        "speed                     8.00 MIPS",
        "translations",
        "  made                      12",
        "  linked now                10",
        "  evicted                    1",
        "  stale                      1",
        "native code came back because",
        "  budget used        1,234,567",
        "  done in Python             8",
    ]


def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    here = Path(cli.__file__).parents[1]
    environment = {key: text for key, text in os.environ.items() if key != engines.VARIABLE} | variables
    return subprocess.run(
        [sys.executable, "-m", "cpvm.cli", "ipl", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**environment, "PYTHONPATH": os.pathsep.join([variables.get("PYTHONPATH", ""), str(here)])},
    )


def test_an_llvmlite_that_does_not_work(deck: Path, tmp_path: Path) -> None:
    (tmp_path / "llvmlite").mkdir()
    (tmp_path / "llvmlite" / "__init__.py").write_text("raise ImportError('no such\\nlibrary')\n")
    write(200_000)  # long enough that it is found out meanwhile
    done = run(str(deck), "--stats", PYTHONPATH=str(tmp_path))
    assert done.returncode == 7
    told = done.stderr.splitlines()
    why = "native code cannot be had, so the reference engine executes all instructions: ImportError: no such library"
    assert told[0] == f"cpvm ipl: {why}"
    assert told[2:4] == ["engine         reference", f"               {why}"]
    assert done.stderr.count("cpvm ipl: ") == 1
    assert "Traceback" not in done.stderr
    done = run(str(deck), "--engine", "compiled", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == "cpvm ipl: the compiled engine cannot be had: ImportError: no such library\n"


def test_an_engine_that_the_variable_names_wrongly(deck: Path) -> None:
    done = run(str(deck), CPVM_ENGINE="steam")
    assert done.returncode == 2
    assert done.stderr.startswith("cpvm ipl: CPVM_ENGINE: there is no engine steam: it is one of reference, ")


def test_no_llvmlite(deck: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(engines, "available", lambda: False)
    for _ in range(2):  # once for each command
        assert cli.main(["ipl", str(deck)]) == 7
        assert capsys.readouterr().err.count(f"cpvm ipl: {engines.MISSING}\n") == 1
