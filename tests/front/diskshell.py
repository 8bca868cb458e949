"""Types `cpvm disk` commands; for tests."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from cpvm import cli
from cpvm.machine.media.images import BlockImage, TrackImage, open_image


class Result:
    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def parsed(*words: object) -> argparse.Namespace:
    """The words of a command, parsed: for commands that are carried out often."""
    return cli.parser("disk").parse_args(["disk", *map(str, words)])


class Shell:
    """Types `cpvm disk` commands."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object, status: int = 0) -> Result:
        try:
            got = cli.main(["disk", *map(str, words)])
        except SystemExit as end:
            got = int(end.code or 0)
        result = Result(got, *self._capsys.readouterr())
        assert got == status, result.out + result.err
        assert "Traceback" not in result.err
        if status == 2:
            assert len(result.err.splitlines()) == 1, result.err
        return result


def contents(path: str | Path) -> list[bytes]:
    with open_image(path) as image:
        if isinstance(image, TrackImage):
            return [image.read(cyl, head) for cyl in range(image.cylinders) for head in range(image.heads)]
        assert isinstance(image, BlockImage)
        return [image.read(number) for number in range(image.blocks)]
