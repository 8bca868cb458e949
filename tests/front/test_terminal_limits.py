"""The limits that the pages about line terminals tell are those of the program."""

import re
from pathlib import Path

import pytest

from cpvm.cp.guard import Guard
from cpvm.cp.lineedit import INPUT_LIMIT
from cpvm.terminal import editor, keys, line, linemode, negotiation, server, throttle

HOWTO = Path(__file__).parents[2] / "docs" / "howto"


def told(page: str) -> str:
    """The text of a page, numbers without separators."""
    return re.sub(r"(\d),(\d{3})", r"\1\2", (HOWTO / f"{page}.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "row",
    [
        f"(`MAX_LINE`) | {line.MAX_LINE} | the line is refused; beyond {INPUT_LIMIT} CP",
        f"(`MAX_AHEAD`) | {linemode.MAX_AHEAD} |",
        f"(`AT_ONCE`, `RATE`) | {throttle.AT_ONCE}, {throttle.RATE} |",
        f"| {line.MAX_HISTORY}, {line.MAX_HISTORY_CHARACTERS}, {linemode.MAX_USERS} |",
        f"| {editor.MIN_COLUMNS} to {editor.MAX_COLUMNS} |",
        f"(`MAX_SEQUENCE`) | {keys.MAX_SEQUENCE} |",
        f"(`MAX_UNREAD`) | {linemode.MAX_UNREAD >> 20} MB |",
        f"| {negotiation.MAX_SUBNEGOTIATION}, {negotiation.MAX_NEGOTIATIONS} |",
        f"(`MAX_CONNECTIONS`) | {server.MAX_CONNECTIONS},",
    ],
)
def test_telnet(row: str) -> None:
    assert row in told("telnet")


def test_ssh() -> None:
    pytest.importorskip("asyncssh", reason="asyncssh (the extra `ssh`) is not installed")
    from cpvm.front import remotecommand, sshkeys
    from cpvm.terminal.ssh import access, command, pty, session
    from cpvm.terminal.ssh import server as listener

    page = told("ssh")
    for row in (
        f"| {listener.MAX_CONNECTIONS}; {listener.MAX_STRANGERS}; {listener.MAX_STRANGERS_EACH} |",
        f"| {listener.LOGIN_GRACE:.0f} seconds |",
        f"| {access.MAX_PASSWORDS}, {access.MAX_KEYS}, {access.MAX_NAMES} |",
        f"sessions at a time on one connection | {access.MAX_SESSIONS} |",
        f"| {listener.MAX_COMMANDS}, the others wait; {session.MAX_COMMAND} |",
        f"| {linemode.MAX_UNREAD >> 20} MB; {command.MAX_UNREAD >> 20} MB |",
        f"keys of a user | {sshkeys.MAX_KEYS} |",
        f"| 0 to {remotecommand.LARGEST} | CMS's return code |",
        f"| {remotecommand.OTHER_CODE} | another return code",
        f"| {remotecommand.NOT_LOGGED_ON} | the user could not be logged on",
        f"| {remotecommand.NOT_DONE} | not all was done",
        f"reads after {remotecommand.MAX_NULL_LINES} null lines",
        f"| {session.UNUSABLE} | ssh cannot have that here",
        f"window of {pty.MIN_ROWS} rows and {pty.MIN_COLUMNS} columns",
    ):
        assert row in page, row
    assert (Guard.LIMIT, Guard.SECONDS, access.MAX_PASSWORDS) == (5, 60, 4)  # in words
