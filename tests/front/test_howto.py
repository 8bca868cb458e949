"""What the how-to pages tell to type does what they show."""

import doctest
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cpvm.front.plugins import GROUP
from cpvm.machine import engines
from cpvm.s370 import plugin

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
PAGES = (
    "assemble",
    "assemble-under-cms",
    "link",
    "bare-machine",
    "add-a-device",
    "cards-and-print",
    "tapes",
    "disks",
    "displays",
    "execs",
    "edit",
    "script-a-terminal",
)
_FENCE = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def matches(shown: str, got: str) -> bool:
    """Whether an output is the one shown, in which `...` stands for anything within a line; alone, for any lines."""
    lines = "(?:[^\n]*\n)*".join(map(re.escape, re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)))
    pattern = lines.replace(re.escape("..."), "[^\n]*")
    return re.fullmatch(pattern, got) is not None


def try_console(block: str, environment: dict[str, str]) -> None:
    """Type each line behind a dollar sign into a shell; the lines below it are what it shows."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        done = subprocess.run(
            ["sh", "-c", command],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            timeout=110,
        )
        assert matches(shown, done.stdout), f"$ {command}\n{done.stdout}"


@pytest.mark.parametrize("name", PAGES)
def test_a_page(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    perform(name, tmp_path, monkeypatch)


@pytest.mark.timeout(300)
@pytest.mark.skipif(not engines.available(), reason="the page shows engines that need llvmlite")
def test_the_page_that_changes_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("cpvm", "assembler", "cms"):
        shutil.copytree(HOWTO.parents[1] / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("CPVM_CACHE", str(tmp_path / "cache"))
    perform("add-an-instruction", tmp_path, monkeypatch)


@pytest.mark.parametrize("name", ["change-cms"])
def test_a_lesson(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    perform(f"../lessons/{name}", tmp_path, monkeypatch)


def perform(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what a page tells, in this folder; what is imported is there, or else the package that is tested."""
    page = HOWTO / f"{name}.md"
    monkeypatch.chdir(folder)
    (folder / "bin").mkdir()
    for command, arguments in (("cpvm", " -m cpvm.cli"), ("python", "")):
        file = folder / "bin" / command
        file.write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n')
        file.chmod(0o755)
    environment = os.environ | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    names: dict[str, object] = {}
    tried = 0
    for number, (kind, file, block) in enumerate(_FENCE.findall(page.read_text(encoding="utf-8"))):
        if kind in ("asm", "python", "text"):
            if file:
                Path(file).write_text(block)
        elif kind == "toml":
            assert GROUP in tomllib.loads(block)["project"]["entry-points"]
        elif kind == "console":
            try_console(block, environment)
            tried += 1
        else:
            assert kind == "pycon"
            examples = doctest.DocTestParser().get_doctest(block, names, f"{page.stem}, block {number}", None, None)
            runner = doctest.DocTestRunner(verbose=False)
            assert runner.run(examples, clear_globs=False).failed == 0
            names = examples.globs
            tried += 1
    assert tried
    for loaded in plugin.loaded():
        plugin.unload(loaded)


def test_the_comparison_can_fail() -> None:
    assert matches("A ... C\nD\n", "A B C\nD\n")
    assert not matches("A ... C\nD\n", "A B C\nE\n")
    assert not matches("A\n", "A\nB\n")
    assert matches("A\n...\nD\n", "A\nB\nC\nD\n") and matches("...\nD\n", "D\n")
    assert not matches("A\n...\nD\n", "A\nB\nC\n")
