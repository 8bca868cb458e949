"""What characters become between a telnet client and the system."""

from collections.abc import Iterator

import pytest

from cpvm.terminal import arrival
from cpvm.terminal import negotiation as tn

from .telnetclient import DO, IAC, Net


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    monkeypatch.setattr(arrival, "SILENCE", 0.01)  # nobody here takes time to answer
    net = Net()
    yield net
    for client in net.clients:
        client.close()
    net.server.stop()
    net.system.stop()


def test_a_key_that_code_page_037_lacks_is_not_taken_and_named(net: Net) -> None:
    client = net.character_client()
    client.send("A")
    client.until("A")
    client.send("€")
    client.until("\aNOT IN CODE PAGE 037: € U+20AC\r\nA".replace("\a", "\a\r \r"))
    client.send("B¬C\r\0")
    client.until("<AB¬C>\r\n")


def test_pasted_characters_that_code_page_037_lacks_become_question_marks(net: Net) -> None:
    client = net.character_client()
    client.send("A“B”\r\0")
    assert b"NOT IN CODE PAGE 037: \xe2\x80\x9c U+201C, \xe2\x80\x9d U+201D\r\n" in client.until("<A?B?>\r\n")


def test_a_line_that_the_client_has_edited_may_lack_characters_too(net: Net) -> None:
    client = net.client()
    client.until("ONLINE\r\n")
    client.send(b"e\xcc\x81\xe2\x82\xac\xfe\n")
    assert "NOT IN CODE PAGE 037: € U+20AC; INPUT IS NOT UTF-8\r\n" in client.until("<é??>\r\n").decode()


def test_without_binary_a_return_by_itself_has_a_nul_behind_it(net: Net) -> None:
    client = net.client()
    client.until("ONLINE\r\n")
    client.send(bytes((IAC, DO, tn.ECHO, IAC, DO, tn.SGA)) + b"LISTF")
    client.until("LISTF")
    net.system.post(lambda: net.system.sessions[0].terminal.write("HI"))
    assert client.until("HI\r\nLISTF") == b"\r\0     \r\0HI\r\nLISTF"  # RFC 854, "the NVT printer and keyboard"
