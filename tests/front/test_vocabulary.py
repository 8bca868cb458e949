"""The words that a terminal offers."""

from __future__ import annotations

from cpvm.front.vocabulary import vocabulary


def test_words_of_cp_and_cms() -> None:
    words = vocabulary()
    assert {"QUERY", "LINK", "SPOOL"} <= set(words.cp) and "TIME" in words.cp["QUERY"].words
    assert {"RUN", "PF12", "LINEDIT"} <= set(words.cp["SET"].words)
    assert {"LOGON", "DIAL"} <= set(words.logon)
    assert {"READER", "PRINTER", "CLASS"} <= set(words.cp["SPOOL"].words)


def test_operands_of_cms_commands() -> None:
    guest = vocabulary().guest
    assert guest["TYPE"].places()[:3] == [0, 1, 2] and {"HEX", "MEMBER"} <= set(guest["TYPE"].words)
    assert guest["COPYFILE"].places()[:6] == [0, 1, 2, 0, 1, 2] and {"TYPE", "REPLACE"} <= set(guest["COPYFILE"].words)
    assert guest["EXEC"].type == "EXEC" and guest["ASSEMBLE"].type == "ASSEMBLE"
    assert {"DISK", "SEARCH"} <= set(guest["QUERY"].words)
    assert guest["EDIT"].places()[:3] == [0, 1, 2] and {"NODISP", "LRECL"} <= set(guest["EDIT"].words)
    assert guest["STATE"].places()[:2] == guest["STATEW"].places()[:2] == [0, 1]
    assert {"EDIT", "SPOOL"} <= set(guest["HELP"].words)
    assert all(name.isascii() for name in guest)
