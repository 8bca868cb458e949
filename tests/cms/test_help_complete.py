"""Nothing that CMS knows is without its page of HELP."""

from __future__ import annotations

import re

import pytest

from cms import helpmacro, helpmessage
from cms.build import build_system_disk
from cms.cmsdisk import CMSDisk
from cms.modules import build_folder, folders
from cms.source import COMMANDS, MACLIB, NUCLEUS, OSMACRO, SEGMENT, Library
from cpvm.s370.ebcdic import from_ebcdic

NOT_TYPED = frozenset(
    re.findall(
        r"\w+",
        "RDBUF TYPLIN WRBUF FINIS WAITRD ATTN CONWAIT POINT PRINTR PRINTIO CARDRD CARDPH CONREAD CMSTIME WAIT TRAP "
        "DMSERR STRINIT SVCFREE SVCFRET NUCEXT SUBCOM TAPEIO HNDINT HNDSVC TEOVEXIT RETURN NEARNAME IMMCMD CP HNDEXT "
        "DMSLADAD",
    )
)
"""Functions that programs call; a user does not type them. RETURN is explained with SUBSET, CP is CP's."""


@pytest.fixture(scope="module")
def disk() -> CMSDisk:
    return build_system_disk().disk


def topics(disk: CMSDisk, *types: str) -> set[str]:
    return {name for name, filetype in disk.files if filetype in types}


def table(source: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, source, re.MULTILINE))


def test_every_command_has_its_page(disk: CMSDisk) -> None:
    functions = table((NUCLEUS / "dmsfnc.assemble").read_text(), r"^ +FUNC +(\w+),")
    modules = {module.name for folder in folders() for module in build_folder(folder, Library())}
    execs = {path.stem.upper() for path in COMMANDS.glob("*/*.exec")}
    immediate = {"HX", "HT", "RT", "HO", "SO", "RO", "HB"}
    known = topics(disk, "HELPCMS", "HELPEDT")  # edit macros are EXECs
    assert (functions - NOT_TYPED) | modules | execs | immediate <= known
    for group in ("CMS", "MACRO", "MESSAGES", "MENU", "TASK"):
        assert group in topics(disk, "HELPMENU")


def test_every_subcommand_of_debug_has_its_page(disk: CMSDisk) -> None:
    requests = table((NUCLEUS / "dmsdbg.assemble").read_text(), r"^(?:REQUESTS)? +DC +CL8'(\w+)',AL1\(\d\)")
    assert {"BREAK", "X", "STORE"} <= requests
    assert requests == topics(disk, "HELPDBG")


def test_every_word_of_exec_has_its_page(disk: CMSDisk) -> None:
    classic = "".join(path.read_text() for path in SEGMENT.glob("dmsext*.assemble"))
    words = {word for word in table(classic, r"CL8'&&([A-Z]+)'")}
    assert {"IF", "LOOP", "RETCODE"} <= words
    pages = topics(disk, "HELPEXC")
    assert not {word for word in words if not any(page.startswith(word) for page in pages)}
    second = table((SEGMENT / "dmsexen.assemble").read_text(), r"E2NAME ([A-Z]+),[A-Z]")
    assert {"CALL", "PIECE"} <= second
    pages = topics(disk, "HELPEXC2")
    assert not {word for word in second if word[:8] not in pages}


def test_every_macro_has_its_page(disk: CMSDisk) -> None:
    macros = {path.stem.upper() for folder in (MACLIB, OSMACRO) for path in folder.glob("*.macro")}
    assert macros == topics(disk, "HELPMAC")
    written = {name for folder in (MACLIB, OSMACRO) for name in helpmacro.texts(folder)}
    assert written <= macros
    osmacros = {path.stem.upper() for path in OSMACRO.glob("*.macro")}
    assert osmacros - written == {"OSLA", "OSLINK", "OSOPEN", "OSRW"}  # inner macros


def test_every_message_is_explained(disk: CMSDisk) -> None:
    declared, explained = helpmessage.declared(), helpmessage.explanations()
    assert len(declared) > 150
    assert not set(declared) - set(explained), "messages without explanation in cms/messages.help"
    assert not set(explained) - set(declared), "explanations of messages that do not exist"
    assert {f"DMS{number}" for number in declared} <= topics(disk, "HELPMSG")
    assert all(len(text) > 20 for text in explained.values()), min(explained.items(), key=lambda item: len(item[1]))


def test_no_message_escapes_the_scan() -> None:
    """Every number behind NUM= in the source, however the statement is written, is among those declared."""
    declared = {number[:3] for number in helpmessage.declared()}
    for folder, pattern in ((NUCLEUS, "*"), (SEGMENT, "*"), (COMMANDS, "*/*")):
        for path in folder.glob(f"{pattern}.assemble"):
            for number in re.findall(r"DMSERR NUM=(\d+)", path.read_text()):
                assert f"{int(number):03}" in declared, f"{path.name}: {number}"


def test_pages_fit_a_terminal(disk: CMSDisk) -> None:
    types = {"HELPDBG", "HELPMAC", "HELPMENU", "HELPMSG"}
    for (name, filetype), file in disk.files.items():
        if filetype in types:
            for record in file.records:
                assert len(from_ebcdic(record).rstrip()) <= 80, f"{name} {filetype}"
