"""PSW and EBCDIC."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpvm.s370.ebcdic import CODEC, from_ebcdic, printable, to_ebcdic
from cpvm.s370.psw import PSW


@given(st.binary(min_size=8, max_size=8))
def test_every_psw_survives(data: bytes) -> None:
    assert PSW.from_bytes(data).to_bytes() == data


def test_basic_control() -> None:
    psw = PSW.from_bytes(bytes.fromhex("FF35009C 9F123456"))
    assert psw == PSW(0xFF, 3, 5, 1, 15, 0x123456, 0x9C, 2)
    assert (psw.ec, psw.wait, psw.problem, psw.valid) == (False, False, True, True)


def test_extended_control() -> None:
    psw = PSW.from_bytes(bytes.fromhex("072A2F00 00123456"))
    assert psw == PSW(7, 2, 10, 2, 15, 0x123456)
    assert (psw.ec, psw.wait, psw.problem, psw.valid) == (True, True, False, True)
    assert not PSW.from_bytes(bytes.fromhex("072A2F01 00123456")).valid


def test_wrong_size() -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        PSW.from_bytes(b"")


@given(st.binary())
def test_bytes_survive_text(data: bytes) -> None:
    assert to_ebcdic(from_ebcdic(data)) == data


@given(st.text())
def test_any_text_can_be_coded(text: str) -> None:
    assert len(to_ebcdic(text)) == len(text)


def test_known_characters() -> None:
    assert to_ebcdic('A1 #@¢"') == bytes.fromhex("C1F1407B7C4A7F")
    assert to_ebcdic("ДX\ud800") == bytes.fromhex("6FE76F")
    assert printable(bytes.fromhex("C1000A4081FF")) == "A.. a."
    assert from_ebcdic(memoryview(b"\xc8\xc9")) == "HI"
    assert CODEC == "cp037"
