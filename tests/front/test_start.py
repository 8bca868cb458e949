"""`cpvm start`: addresses, and what is printed."""

from pathlib import Path

import pytest

from cpvm.front import start
from cpvm.front.start import Address, parse_address, welcome


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("", "127.0.0.1", 3270),
        ("1234", "127.0.0.1", 1234),
        (":1234", "127.0.0.1", 1234),
        ("vm.example", "vm.example", 3270),
        ("vm.example:23", "vm.example", 23),
        ("0.0.0.0:0", "0.0.0.0", 0),
        ("[::1]:23", "::1", 23),
        ("[::1]", "::1", 3270),
        ("::1", "::1", 3270),
    ],
)
def test_addresses(text: str, host: str, port: int) -> None:
    assert parse_address(text) == Address(host, port)


@pytest.mark.parametrize("text", ["host:port", "host:65536", "[::1", "[::1]23", "host:-1"])
def test_wrong_addresses(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        parse_address(text)


def test_the_welcome_fits_a_screen_and_names_what_to_type() -> None:
    lines = welcome(Path("/home/user/.local/share/cpvm"), Address("127.0.0.1", 3270))
    assert max(map(len, lines)) < 80 and len(lines) < 20
    text = "\n".join(lines)
    for word in (
        "LOGON CMSUSER",
        "IPL CMS",
        "LOGOFF",
        "SHUTDOWN",
        "cpvm connect 127.0.0.1:3270",
        "telnet 127.0.0.1 3270",
    ):
        assert word in text
    assert "refused" not in text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "vm.example"])
def test_listening_for_others_warns(host: str) -> None:
    text = "\n".join(welcome(Path("/srv/vm"), Address(host, 3270)))
    assert "refused there until they are changed" in text
    assert "telnet 0.0.0.0" not in text


def test_without_a_listener_nothing_is_said_of_connecting() -> None:
    assert "connect" not in "\n".join(welcome(Path("/srv/vm"), None))


def test_shutdown_reipl_starts_again_without_making_cms_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[int | None] = [None, None, 0]
    rebuilt: list[bool] = []

    def once(
        directory: Path | None, listen: Address | None, rebuild_cms: bool, *others: object, **more: object
    ) -> int | None:
        rebuilt.append(rebuild_cms)
        return answers.pop(0)

    monkeypatch.setattr(start, "_once", once)
    assert start.start(None, None, rebuild_cms=True) == 0
    assert rebuilt == [True, False, False]
