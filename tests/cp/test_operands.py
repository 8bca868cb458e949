"""Operands of commands that users get wrong, or that mean something special."""

from __future__ import annotations

import pytest

from .helper import FakeTerminal, Site


@pytest.fixture
def user(site: Site) -> FakeTerminal:
    return site.logon("CMSUSER")


def test_output_has_one_class_only_a_reader_takes_all(user: FakeTerminal) -> None:
    assert user.type("SPOOL READER CLASS *") == []
    for device in ("PUNCH", "PRINTER", "CONSOLE"):
        assert user.type(f"SPOOL {device} CLASS *") == ["DMKCSP028E CLASS MISSING OR INVALID"]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("DISPLAY G²", "004E"), ("STORE G² 1", "004E"), ("PER PAGETRACE ²K", "002E"), ("SPOOL PUNCH CLASS É", "028E"),
        ("TRACE INSTRUCT IF Gª = 1", ""), ("SET LOGMSG ²", "003E"), ("IPL 191 ²", ""),
    ],
)  # fmt: skip
def test_letters_and_digits_of_other_scripts_are_none(user: FakeTerminal, line: str, number: str) -> None:
    answer = user.type(line)[-1]
    assert answer.startswith("DMK") and answer[6:].startswith(number) and "908" not in answer


def test_noise_words_of_one_letter(site: Site, user: FakeTerminal) -> None:
    assert user.type("LINK T MAINT 190 A 290 RR") == ["DASD 290 LINKED R/O; R/O BY CMSUSER"]
    assert user.type("LINK T 190 290") == ["DMKLNK053E T NOT IN CP DIRECTORY"]
    other = site.logon("USER01", "SECRET")
    for terminal in (user, other):
        terminal.type("DEFINE CTCA 500")
    assert user.type("COUPLE 500 T USER01") == ["CTCA 500 COUPLE TO USER01 500"]
    assert other.type("DETACH 500")[-1] == "CTCA 500 DETACHED"
    assert user.type("COUPLE 500 T 500")[-1] == "DMKDIA045E T NOT LOGGED ON"
    assert user.type("SLEEP 1 H") == ["DMKCFM003E INVALID OPTION - H"]


def test_short_options_of_close(user: FakeTerminal) -> None:
    assert user.type("CLOSE PRINTER PU") == user.type("CLOSE PRINTER N SUM LISTING") == []


def test_link_to_an_own_disk(user: FakeTerminal) -> None:
    assert user.type("LINK * 191 291 RR") == ["DASD 291 LINKED R/O; R/W BY CMSUSER"]


def test_transfer_from_a_user_who_does_not_exist(user: FakeTerminal) -> None:
    assert user.type("TRANSFER ALL FROM NOSUCH") == ["DMKCSU053E NOSUCH NOT IN CP DIRECTORY"]
    assert user.type("TRANSFER ALL FROM ALL") == ["NO FILES TRANSFERRED"]


@pytest.mark.parametrize(("word", "kind"), [("PRT", "PRT"), ("PRINTER", "PRT"), ("PCH", "PUN"), ("RDR", "RDR")])
def test_define_takes_the_short_names_of_devices(user: FakeTerminal, word: str, kind: str) -> None:
    assert user.type(f"DEFINE {word} AS 0FF") == [f"{kind}  0FF DEFINED"]


def test_define_takes_short_names_and_types_of_special_devices(user: FakeTerminal) -> None:
    for line, kind in (("CTC AS 500", "CTCA"), ("TIM 501", "TIMR"), ("LI 502 TELE", "LINE"), ("GRAF 503 3158", "GRAF")):
        assert user.type(f"DEFINE {line}")[-1].startswith(kind), line
    assert user.type("DEFINE LINE 504 TEL") == ["DMKDEF003E INVALID OPTION - TEL"]


def test_define_channels_is_remembered_and_resets_the_machine(site: Site, user: FakeTerminal) -> None:
    user.type("STORE PSW 00000000 00012345")
    assert user.type("DEFINE CHANNELS BMX") == ["CHANNELS = BMX"]
    assert user.type("QUERY CHANNELS") == ["CHANNELS = BMX"]
    assert user.type("DISPLAY PSW") == ["PSW = 00000000 00000000"]


def test_logon_by_one_who_is_logged_on(user: FakeTerminal) -> None:
    for word in ("LOGON", "LOGIN"):
        assert user.type(f"{word} USER01") == ["DMKLOG054E ALREADY LOGGED ON AS CMSUSER"]
