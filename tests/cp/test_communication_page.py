"""The reference of VMCF and IUCV has all functions, types and codes, with their numbers."""

from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path

import pytest

from cpvm.cp import iucvblok, vmcfblok

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "communication.md").read_text(encoding="utf-8")
VMCF, IUCV = PAGE.split("## IUCV", 1)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (VMCF, vmcfblok.Function), (VMCF, vmcfblok.Code),
        (IUCV, iucvblok.Function), (IUCV, iucvblok.Type), (IUCV, iucvblok.Code),
    ],
)  # fmt: skip
def test_all_are_there(text: str, names: type[IntEnum]) -> None:
    for one in names:
        if (names, one.name) != (iucvblok.Code, "NORMAL"):
            assert re.search(rf"\| {one.value} \| {one.name}\b", text), one
