"""The telnet listener over real sockets, with a small system behind it."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from cpvm.terminal import arrival
from cpvm.terminal import client as client_module
from cpvm.terminal import negotiation as tn
from cpvm.terminal.line import ReadState
from cpvm.terminal.server import TelnetServer

from .telnetclient import DO, DONT, IAC, SB, SE, WILL, WONT, Net

GREETING = bytes((IAC, DO, tn.TN3270E, IAC, WILL, tn.ECHO, IAC, WILL, tn.SGA))


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    monkeypatch.setattr(arrival, "SILENCE", 0.01)  # nobody here takes time to answer
    net = Net()
    yield net
    for client in net.clients:
        client.close()
    net.server.stop()
    net.system.stop()


def test_plain_line_mode(net: Net) -> None:
    client = net.client()
    assert client.until("ONLINE\r\n") == GREETING + b"FAKE ONLINE\r\n"
    client.send("LOGON CMSUSER\nsecret\nLISTFILE * EXEC\n")
    assert client.until("<LISTFILE * EXEC>\r\n") == (
        b"ENTER PASSWORD:\r\nHELLO CMSUSER\r\n<LISTFILE * EXEC>\r\n"
    )  # no echo and no telnet for a client that speaks none


def test_lines_cut_into_single_bytes(net: Net) -> None:
    client = net.client()
    client.until("ONLINE\r\n")
    for byte in b"LIST\xc3\xa4\r\n":
        client.send(bytes((byte,)))
    assert "<LISTä>\r\n" in client.until(">\r\n").decode()


def test_character_mode_echoes_and_edits(net: Net) -> None:
    client = net.character_client()
    client.send("TYPF\x7fE A\r\0")
    assert client.until("<TYPE A>\r\n") == b"TYPF\b \bE A\r\n<TYPE A>\r\n"


def test_character_mode_program_function_keys(net: Net) -> None:
    client = net.character_client()
    client.send("half\x1b[15~")
    assert client.until("KEY 5").endswith(b"KEY 5")
    client.send("!\r\0")
    client.until("<KEY 5!>\r\n")


def test_character_mode_password_is_not_echoed(net: Net) -> None:
    client = net.character_client()
    client.send("LOGON CMSUSER\r\0")
    assert client.until("PASSWORD:\r\n") == b"LOGON CMSUSER\r\nENTER PASSWORD:\r\n"
    client.wait_state("PASSWORD")
    client.send("sed\b")
    client.send("cret\r\0")
    assert client.until("HELLO CMSUSER\r\n") == b"\r\nHELLO CMSUSER\r\n"
    client.wait_state("VM READ")
    client.send("\x1b[A\x1b[ALOGOFF\r\0")
    assert client.until("LOGOFF\r\n") == b"LOGOFF\r\n"  # a user's lines are those of the user
    client.wait_state("ONLINE")
    client.send("\x1b[A\x1b[A\r\0")
    assert client.until("PASSWORD:\r\n") == b"LOGON CMSUSER\r\nENTER PASSWORD:\r\n"


def test_keys_typed_before_the_password_is_asked_for_are_kept_and_taken_off_the_screen(net: Net) -> None:
    client = net.character_client()
    session = net.system.sessions[0]
    client.send("sec")
    client.until("sec")
    net.system.post(lambda: session.go(ReadState.PASSWORD))
    client.until("\r   \r")
    client.send("ret\r\0")
    client.until("HELLO \r\n")
    assert client.seen.endswith(b"sec\r   \r\r\nHELLO \r\n")
    assert session.typed == ["secret"]


def test_line_mode_telnet_is_asked_not_to_echo_the_password(net: Net) -> None:
    client = net.client()
    client.until("ONLINE\r\n")
    client.send(bytes((IAC, DONT, tn.ECHO, IAC, DO, tn.SGA)))
    client.send("LOGON CMSUSER\r\n")
    client.until("PASSWORD:\r\n" + "")
    client.until(bytes((IAC, WILL, tn.ECHO)))
    client.send(bytes((IAC, DO, tn.ECHO)) + b"secret\r\n")
    client.until("HELLO CMSUSER\r\n")
    client.until(bytes((IAC, WONT, tn.ECHO)))
    client.send(bytes((IAC, DONT, tn.ECHO)) + b"MORE\r\n")
    assert b"MORE\r\n<" not in client.until("<MORE>\r\n")  # still the client's own echo


def test_a_client_may_change_its_mind_and_edit_its_lines_itself(net: Net) -> None:
    client = net.character_client()
    client.send(bytes((IAC, WILL, tn.BINARY)))
    client.send(bytes((IAC, DONT, tn.ECHO)))  # as telnet's `mode line`
    assert bytes((IAC, WONT, tn.BINARY)) in client.until(bytes((IAC, DONT, tn.BINARY)))
    client.send(bytes((IAC, DONT, tn.BINARY, IAC, WONT, tn.BINARY)) + b"LOGON CMSUSER\r\n")
    assert client.until("PASSWORD:\r\n").endswith(b"ENTER PASSWORD:\r\n")
    client.until(bytes((IAC, WILL, tn.ECHO)))
    client.send(bytes((IAC, DO, tn.ECHO)) + b"secret\r\n")
    client.until("HELLO CMSUSER\r\n")
    client.until(bytes((IAC, WONT, tn.ECHO)))
    client.send(bytes((IAC, DO, tn.ECHO)))  # `mode character`
    client.until(bytes((IAC, WILL, tn.BINARY)))
    client.send("LISTX\x7fFILE\r\0")
    assert b"X\b \b" in client.until("<LISTFILE>\r\n")


@pytest.mark.parametrize("key", [b"\x03", bytes((IAC, tn.BRK)), bytes((IAC, tn.IP)), bytes((IAC, tn.IP, IAC, tn.DM))])
def test_attention(net: Net, key: bytes) -> None:
    client = net.character_client()
    client.send("RUN\r\0")
    client.until("RUN\r\n")
    client.send(b"half a line" + key)
    client.until("CP\r\n")
    client.send("Q\r\0")
    client.until("<Q>\r\n")
    assert net.system.sessions[0].attentions == 1
    assert net.system.sessions[0].typed == ["RUN", "Q"]


def test_the_window_size_is_passed_on_and_used(net: Net) -> None:
    client = net.character_client()
    head = bytes((IAC, SB, tn.NAWS))
    client.send(head + b"\0\x05\0\x18" + bytes((IAC, SE)) + head + b"\xff\xff\xff\xff\0\0" + bytes((IAC, SE)))
    client.send(head + b"\0\x14\0\x18" + bytes((IAC, SE)) + b"x" * 25 + b"\x01")
    client.until("x" * 25 + "\x1b[1A\r")  # from the second row of 20 columns to the first
    assert net.system.sessions[0].columns == 20


def test_attention_sent_as_urgent_data(net: Net) -> None:
    client = net.character_client()
    client.socket.send(bytes((IAC, tn.IP)))
    client.socket.send(bytes((IAC, tn.DM)), socket.MSG_OOB)
    client.until("CP\r\n")
    client.send("AFTER\r\0")
    client.until("<AFTER>\r\n")


def test_output_while_typing_keeps_the_typed_characters(net: Net) -> None:
    client = net.character_client()
    client.send("LISTF")
    client.until("LISTF")
    session = net.system.sessions[0]
    net.system.post(lambda: session.terminal.write("12:00:00\x07 * MSG FROM MAINT: \x1b[2JHI"))
    assert client.until("HI\r\nLISTF") == b"\r     \r12:00:00. * MSG FROM MAINT: .[2JHI\r\nLISTF"
    client.send("ILE\r\0")
    client.until("<LISTFILE>\r\n")


def test_many_pasted_lines_wait_for_reads_even_if_they_come_one_by_one(net: Net) -> None:
    client = net.character_client()
    client.send("RUN\r\0")
    client.wait_state("RUNNING")
    client.send("\x1b[200~ONE\r")
    client.until("ONE")
    client.wait_state("RUNNING")
    client.send("TWO\tX\rTHREE\x1b[201~")
    client.until("THREE")
    client.wait_state("RUNNING")
    net.system.settle()
    session = net.system.sessions[0]
    assert session.typed == ["RUN"]
    net.system.post(session.finish)
    client.until("<TWO\tX>".replace("\t", " "))
    client.send("\r")
    client.until("<THREE>")
    assert session.typed == ["RUN", "ONE", "TWO\tX", "THREE"]


def test_end_of_transmission_cancels_a_password(net: Net) -> None:
    client = net.character_client()
    client.send("LOGON CMSUSER\r\0")
    client.until("PASSWORD:\r\n")
    client.wait_state("PASSWORD")
    client.send("sec\x04")  # not an empty line: it deletes nothing
    client.send("\x15\x04")
    client.until("CP\r\n")
    assert net.system.sessions[0].typed == ["LOGON CMSUSER"]


def test_users_find_their_own_lines_again(net: Net) -> None:
    client = net.character_client()
    up = "\x1b[A"

    def logon(user: str) -> None:
        client.send(f"LOGON {user}\r\0")
        client.until("PASSWORD:\r\n")
        client.wait_state("PASSWORD")
        client.send("secret\r\0")
        client.until(f"HELLO {user}\r\n")

    logon("ONE")
    client.send("MINE\r\0")
    client.until("<MINE>")
    for user, found in (("TWO", "<>"), ("ONE", "<MINE>")):
        client.wait_state("VM READ")
        client.send("LOGOFF\r\0")
        client.wait_state("ONLINE")
        logon(user)
        client.wait_state("VM READ")
        client.send(up * 9 + "\x1b[B" * 9 + up + "\r\0" if user == "TWO" else up * 2 + "\r\0")
        client.until(found) if user == "ONE" else client.until("\r\n")


def test_a_password_typed_ahead_leaves_the_client_in_charge_of_its_echo(net: Net) -> None:
    client = net.client()
    client.until("ONLINE\r\n")
    client.send(bytes((IAC, DONT, tn.ECHO, IAC, DO, tn.SGA)) + b"LOGON CMSUSER\r\nsecret\r\n")
    client.until(bytes((IAC, WILL, tn.ECHO)))
    client.until("HELLO CMSUSER\r\n")
    client.send(bytes((IAC, DO, tn.ECHO)))  # late
    client.until(bytes((IAC, WONT, tn.ECHO)))
    client.send(bytes((IAC, DONT, tn.ECHO)) + b"MORE\r\n")
    assert b"MORE\r\n<" not in client.until("<MORE>\r\n")


@pytest.mark.parametrize(("kind", "brackets"), [(b"XTERM-256COLOR", True), (b"DUMB", False)])
def test_only_terminals_that_can_bracket_what_is_pasted_are_asked_to(net: Net, kind: bytes, brackets: bool) -> None:
    client = net.client()
    client.until(bytes((IAC, DO, tn.TN3270E)))
    client.send(bytes((IAC, WONT, tn.TN3270E, IAC, WILL, tn.TERMINAL_TYPE)))
    client.until(bytes((IAC, SB, tn.TERMINAL_TYPE, 1, IAC, SE)))
    client.send(bytes((IAC, SB, tn.TERMINAL_TYPE, 0)) + kind + bytes((IAC, SE)))
    client.until("ONLINE\r\n")
    client.send(bytes((IAC, DO, tn.ECHO, IAC, DO, tn.SGA)))
    client.wait_state("ONLINE")
    assert (b"\x1b[?2004h" in client.seen) is brackets
    client.send("\x04")
    assert client.until_end() == (b"\x1b[?2004l" if brackets else b"")


def test_end_of_transmission(net: Net) -> None:
    client = net.character_client()
    client.send("LOGON CMSUSER\r\0")
    client.until("PASSWORD:\r\n")
    client.send("secret\r\0")
    client.until("HELLO CMSUSER\r\n")
    client.send("\x04")
    client.until("<>\r\n")
    client.send("LOGOFF\r\0")
    client.wait_state("ONLINE")
    client.send("\x04")
    client.until_end()
    assert net.system.sessions[0].hung_up.wait(10)


def test_state_reports_for_a_client_that_asks(net: Net) -> None:
    client = net.client()
    client.until("ONLINE\r\n")
    client.send(bytes((IAC, DO, tn.MESSAGES)))
    head = bytes((IAC, SB, tn.MESSAGES)) + b"Cpvm.State "
    states: list[dict[str, str]] = []
    for line in ("LOGON CMSUSER", "secret", ""):
        report = states[-1] if states else None
        while report is None or report in states:  # a state is reported again for each new read
            client.until(head)
            report = json.loads(client.until(bytes((IAC, SE)))[:-2])
        states.append(report)
        client.send(line + "\n")
    assert states == [
        {"state": "LOGON", "userid": ""},
        {"state": "PASSWORD", "userid": ""},
        {"state": "VM_READ", "userid": "CMSUSER"},
    ]


def test_are_you_there(net: Net) -> None:
    client = net.client()
    client.until("ONLINE\r\n")
    client.send(bytes((IAC, tn.AYT)))
    client.until("[ONLINE]\r\n")


def test_the_system_ends_the_connection_after_its_last_word(net: Net) -> None:
    client = net.client()
    client.until("ONLINE\r\n")
    client.send("BYE\nIGNORED\n")
    assert client.until_end().endswith(b"GOODBYE\r\n")
    assert not net.system.sessions[0].hung_up.is_set()


def test_a_lost_connection_hangs_up(net: Net) -> None:
    client = net.client()
    client.until("ONLINE\r\n")
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # end by a reset
    client.close()
    assert net.system.sessions[0].hung_up.wait(10)


def test_names_are_the_lowest_free_ones(net: Net) -> None:
    first, second = net.client(), net.client()
    first.until("ONLINE\r\n")
    second.until("ONLINE\r\n")
    first.close()
    assert net.system.sessions[0].hung_up.wait(10)
    second.send("BYE\n")
    second.until_end()
    net.client().until("ONLINE\r\n")
    assert {session.terminal.name for session in net.system.sessions[:2]} == {"L0001", "L0002"}
    assert net.system.sessions[2].terminal.name in ("L0001", "L0002")
    assert all(session.terminal.local for session in net.system.sessions)


def test_typing_far_ahead_loses_nothing(net: Net) -> None:
    client = net.client()
    client.until("ONLINE\r\n")
    lines = [f"LINE {number}" for number in range(5000)]
    sender = threading.Thread(target=client.send, args=("\n".join(lines) + "\n",))
    sender.start()
    client.until("<LINE 4999>")
    sender.join()
    assert net.system.sessions[0].typed == lines


def test_a_plain_client_gets_its_answers_after_the_end_of_its_input(net: Net) -> None:
    client = net.client()
    client.send("LOGON CMSUSER\nsecret\nFLOOD 1000\nLAST\n")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.until_end().endswith(b"x\r\n<LAST>\r\n")
    assert net.system.sessions[0].hung_up.wait(10)


def test_a_line_for_a_running_program_is_not_held_back(net: Net) -> None:
    client = net.client()
    client.until("ONLINE\r\n")
    client.send("RUN\n")
    client.wait_state("RUNNING")
    client.send("HT\n")
    client.wait_state("RUNNING")
    net.system.settle()
    assert net.system.sessions[0].typed == ["RUN", "HT"]


def test_attention_throws_away_what_was_typed_ahead(net: Net) -> None:
    client = net.character_client()
    client.send("RUN\r\0" + "X\r\0" * 200)
    session = net.system.sessions[0]
    client.send("\x03")
    client.until("CP\r\n")
    client.send("LAST\r\0")
    client.until("<LAST>\r\n")
    assert session.typed.count("X") < 20


def test_stopping_ends_all_connections() -> None:
    net = Net()
    clients = [net.client() for _ in range(5)]
    for client in clients:
        client.until("ONLINE\r\n")
    net.server.stop()
    for client in clients:
        client.until_end()
        client.close()
    net.system.stop()


def test_an_address_in_use_is_an_error() -> None:
    net = Net()
    with pytest.raises(OSError, match="in use"):
        TelnetServer(net.system.connect, *net.server.address).start()
    net.server.stop()
    net.system.stop()


@pytest.mark.parametrize(
    ("peer", "local"),
    [
        (("127.0.0.1", 5), True),
        (("127.9.9.9", 5), True),
        (("::1", 5, 0, 0), True),
        (("::ffff:127.0.0.1", 5, 0, 0), True),
        (("192.0.2.1", 5), False),
        (("::ffff:192.0.2.1", 5, 0, 0), False),
        (("fe80::1%eth0", 5, 0, 2), False),
        ("", False),
        (None, False),
    ],
)
def test_only_loopback_connections_are_local(peer: object, local: bool) -> None:
    class Writer:
        def get_extra_info(self, name: str) -> object:
            return peer

    assert client_module.is_loopback(Writer()) is local  # type: ignore[arg-type]
