"""Terminals by ssh, against a CP without CMS."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

asyncssh = pytest.importorskip("asyncssh", reason="asyncssh (the extra `ssh`) is not installed")

from cpvm.cp import password  # noqa: E402
from cpvm.cp.password import Guard  # noqa: E402
from cpvm.cp.system import System  # noqa: E402
from cpvm.front.services import ServiceError  # noqa: E402
from cpvm.front.services import ssh as service  # noqa: E402
from cpvm.front.sshgate import SystemGate  # noqa: E402
from cpvm.front.sshkeys import BadKey, UserKeys, host_key  # noqa: E402
from cpvm.terminal.line import ReadState  # noqa: E402
from cpvm.terminal.ssh import access, line, server  # noqa: E402

PATIENCE = 30  # seconds until a test that hangs fails
DIRECTORY = """\
VOLUME TEST01 3350 10
USER OPERATOR OPERATOR 256K 1M ABCDEG
CONSOLE 009 3215
USER CMSUSER CMSUSER 256K 2M G
ALIAS CONVERSATIONAL
CONSOLE 009 3215
USER USER01 SECRET 256K 2M G
CONSOLE 009 3215
USER NOBODY NOLOG 256K 2M G
CONSOLE 009 3215
"""


class Site:
    """A system that serves ssh."""

    def __init__(self, folder: Path) -> None:
        System.create(folder, DIRECTORY)
        self.folder = folder
        self.system = System(folder)
        self.system.start()
        self.faults: list[Exception] = []
        self.server = server.SSHServer(
            SystemGate(self.system, folder), "127.0.0.1", 0, host_key(folder), failed=self.faults.append
        )
        self.server.start()

    def stop(self) -> None:
        self.system.shutdown()
        self.server.stop()
        assert not self.faults

    @property
    def log(self) -> str:
        return (self.folder / "operator.log").read_text()

    def connect(self, username: str, secret: str | None = None, keys: Any = ()) -> Any:
        return asyncssh.connect(
            *self.server.address,
            username=username,
            password=secret,
            client_keys=list(keys),
            known_hosts=None,
            config=None,
            agent_path=None,
        )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(password, "_COST", 1 << 4)
    site = Site(tmp_path)
    yield site
    site.stop()


class Terminal:
    """A session whose output is read as it comes."""

    def __init__(self, process: Any) -> None:
        self.process = process
        self.text = self.errors = ""
        self._read = 0

    def type(self, text: str) -> None:
        self.process.stdin.write(text)

    async def until(self, wanted: str) -> str:
        """All output since the last call up to and with `wanted`."""
        while (at := self.text.find(wanted, self._read)) < 0:
            more = await self.process.stdout.read(65536)
            assert more, f"ended before {wanted!r}: {self.text[self._read :]!r}"
            self.text += more
        start, self._read = self._read, at + len(wanted)
        return self.text[start : self._read]

    async def end(self) -> int | None:
        """The exit status, when all has come."""
        while more := await self.process.stdout.read(65536):
            self.text += more
        self.errors = await self.process.stderr.read()
        await self.process.wait()
        status: int | None = self.process.exit_status
        return status


async def terminal(connection: Any, term: str | None = "dumb", size: tuple[int, int] = (80, 24)) -> Terminal:
    extra = {"term_type": term, "term_size": size} if term else {}
    return Terminal(await connection.create_process(**extra))


def run(work: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(work, PATIENCE)

    asyncio.run(limited())


def test_a_password_logs_the_user_on_and_logoff_ends_it(site: Site) -> None:
    async def work() -> None:
        async with site.connect("Conversational", "cmsuser") as connection:
            there = await terminal(connection)
            assert (await there.until("LOGON AT")).startswith("VM/370 ONLINE\r\n")
            there.type("QUERY USERID\r")
            await there.until("QUERY USERID\r\nCMSUSER  AT CPVM\r\n")
            there.type("LOGOFF\r")
            assert await there.end() == 0

    run(work())
    assert re.search(r"LINE S0001 LOGON  AS CMSUSER", site.log)


def test_wrong_passwords_count_and_end_the_connection(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "loopback_address", lambda host: False)

    async def fails(secret: str) -> Exception:
        with pytest.raises(asyncssh.DisconnectError) as failure:
            async with site.connect("user01", secret):
                pass
        return failure.value

    async def work() -> None:
        for _ in range(Guard.LIMIT):
            assert isinstance(await fails("GUESS"), asyncssh.PermissionDenied)
        assert isinstance(await fails("SECRET"), asyncssh.PermissionDenied)  # closed for a minute

    run(work())
    assert site.log.count("PASSWORD INCORRECT FOR USER01") == Guard.LIMIT
    assert "LOGON  AS" not in site.log


class Guesser(asyncssh.SSHClient):  # type: ignore[misc]
    """A client that has one password after the other, and notes what it is told."""

    def __init__(self, secrets: list[str]) -> None:
        self.secrets = secrets
        self.told = ""

    def auth_banner_received(self, msg: str, lang: str) -> None:
        self.told += msg

    def password_auth_requested(self) -> str | None:
        return self.secrets.pop(0) if self.secrets else None


def guess(site: Site, user: str, secrets: list[str]) -> Guesser:
    """A client that was not let in."""
    client = Guesser(secrets)

    async def work() -> None:
        with pytest.raises(asyncssh.DisconnectError):
            await asyncssh.create_connection(
                lambda: client,
                *site.server.address,
                username=user,
                client_keys=[],
                known_hosts=None,
                config=None,
                agent_path=None,
                kbdint_auth=False,
            )

    run(work())
    return client


def test_four_wrong_passwords_on_one_connection_are_enough(site: Site) -> None:
    client = guess(site, "user01", ["a", "b", "c", "d", "secret"])
    assert client.secrets == ["secret"]
    assert client.told.count("DMKLOG050E") == access.MAX_PASSWORDS
    assert "ATTEMPT 4" in site.log


def test_a_well_known_password_is_refused_from_elsewhere_and_why(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "loopback_address", lambda host: False)
    assert "DMKLOG056E PASSWORD OF CMSUSER IS WELL KNOWN" in guess(site, "cmsuser", ["cmsuser"]).told


@pytest.mark.parametrize("name", ["nobody", "nosuch", "", "x" * 500, "cmsuser+5250", "ÆØÅ"])
def test_names_that_nobody_logs_on_with(site: Site, name: str) -> None:
    guess(site, name, ["NOLOG"])


def test_the_logon_screen_is_for_everybody(site: Site) -> None:
    async def work() -> None:
        async with site.connect("vm") as connection:
            there = await terminal(connection)
            await there.until("VM/370 ONLINE\r\n")
            there.type("LOGON USER01\r")
            await there.until("ENTER PASSWORD:\r\n")
            while site.server._sessions["S0001"]._serving._editor.state is not ReadState.PASSWORD:  # type: ignore[union-attr]
                await asyncio.sleep(0)
            there.type("secret\r")
            assert "secret" not in await there.until("LOGON AT")
            there.type("LOGOFF HOLD\r")
            await there.until("VM/370 ONLINE\r\n")
            there.type("\x04")
            assert await there.end() == 0

    run(work())


def test_keys_let_their_owners_in(site: Site) -> None:
    key, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    line = key.export_public_key().decode()
    keys = UserKeys(site.folder)
    keys.add("USER01", line)
    keys.add("NOBODY", line)
    keys.add("CMSUSER", f'from="192.0.2.1" {line}')

    async def work() -> None:
        async with site.connect("user01", keys=[key]) as connection:
            there = await terminal(connection)
            assert "PASSWORD" not in await there.until("LOGON AT")
            there.type("LOGOFF\r")
            await there.end()
        for user, bad in (("user01", other), ("nobody", key), ("cmsuser", key), ("operator", key), ("vmx", key)):
            with pytest.raises(asyncssh.PermissionDenied):
                async with site.connect(user, keys=[bad]):
                    pass
        keys.remove("USER01", key.get_fingerprint())
        with pytest.raises(asyncssh.PermissionDenied):
            async with site.connect("user01", keys=[key]):
                pass

    run(work())
    assert f"S0001    KEY {key.get_fingerprint()} OF USER01" in site.log
    assert site.log.count(" KEY ") == 1


def test_whose_key_is_only_shown_is_not_let_in(site: Site) -> None:
    """A public key is no secret: what counts is the signature."""
    key, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    UserKeys(site.folder).add("USER01", key.export_public_key().decode())
    (pair,) = asyncssh.load_keypairs([other])
    pair.public_data = key.public_data

    async def work() -> None:
        with pytest.raises(asyncssh.PermissionDenied):
            async with site.connect("user01", keys=[pair]):
                pass

    run(work())
    assert "KEY" not in site.log


def test_who_is_logged_on_elsewhere_is_told_so(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01", "secret") as one, site.connect("user01", "secret") as two:
            first = await terminal(one)
            await first.until("LOGON AT")
            second = await terminal(two)
            await second.until("DMKLOG054E ALREADY LOGGED ON LINE S0001")
            assert await second.end() == 1

    run(work())


def test_a_lost_connection_disconnects_and_the_next_reconnects(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01", "secret") as connection:
            there = await terminal(connection)
            await there.until("LOGON AT")
            connection.abort()
        while "DISCONNECT USER01" not in site.log:
            await asyncio.sleep(0.01)
        async with site.connect("user01", "secret") as connection:
            await (await terminal(connection)).until("RECONNECTED AT")

    run(work())


def test_attention_in_its_forms(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01", "secret") as connection:
            there = await terminal(connection)
            await there.until("LOGON AT")
            for press in (
                lambda: there.type("\x03"),
                lambda: there.process.send_break(500),
                lambda: there.process.send_signal("INT"),
            ):
                there.type("SLEEP 10 MIN\r")
                await there.until("SLEEP 10 MIN\r\n")
                there.type("QUERY TIME")  # not entered
                await there.until("QUERY TIME")
                press()
                there.type("QUERY USERID\r")
                assert "TIME IS" not in await there.until("USER01   AT CPVM\r\n")

    run(work())


def test_lines_without_a_terminal_are_all_answered(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01", "secret") as connection:
            there = await terminal(connection, None)
            there.type("QUERY USERID\nMSG * é€\nQUERY VIRTUAL CONSOLE")
            there.type("\n")
            there.process.stdin.write_eof()
            await there.end()
            assert "\r" not in there.text and "USER01   AT CPVM\n" in there.text and "CONS 009" in there.text
            assert "NOT IN CODE PAGE 037: € U+20AC\n" in there.text and "é?" in there.text

    run(work())
    assert "DISCONNECT USER01" in site.log


def test_who_does_not_read_is_dropped(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MAX_UNREAD", 20_000)

    async def work() -> None:
        async with site.connect("user01", "secret") as connection:
            process = await connection.create_process(term_type="dumb", window=1000)
            for _ in range(1000):
                process.stdin.write("QUERY TIME\r")
            while "DISCONNECT USER01" not in site.log:
                await asyncio.sleep(0.02)

    run(work())


def test_lines_that_come_before_logon_wait_for_it(site: Site) -> None:
    async def work() -> None:
        for _ in range(5):
            async with site.connect("user01", "secret") as connection:
                there = await terminal(connection, None)
                there.type("LOGOFF\n")
                assert await there.end() == 0
                assert "LOGOFF AT" in there.text and "?CP" not in there.text

    run(work())


@pytest.mark.parametrize("name", ["user01+line", "user01+3270", "user01"])
def test_any_keys_do_no_harm(site: Site, name: str) -> None:
    import random

    noise = random.Random(name)
    some = [
        "\x1b[",
        "\x1b",
        "\x1bO",
        "\x1b[200~",
        "\x1b[201~",
        "\x14",
        "\r",
        "\t",
        "€",
        "日",
        "e\u0301",
        "\x1b[A",
        "\x19",
    ]

    async def work() -> None:
        async with site.connect(name, "secret") as connection:
            process = await connection.create_process(term_type="xterm", term_size=(80, 24), encoding=None)
            reading = asyncio.ensure_future(process.stdout.read())
            for _ in range(100):
                text = "".join(noise.choice(some) for _ in range(20)).encode() + noise.randbytes(50)
                process.stdin.write(text.replace(b"\x04", b""))
                process.change_terminal_size(noise.randrange(300), noise.randrange(100))
            await process.stdin.drain()
            process.close()
            await reading
        async with site.connect("vm") as connection:
            await (await terminal(connection)).until("ONLINE")

    run(work())


def test_a_3270_from_the_beginning(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01+3270", "secret") as connection:
            there = await terminal(connection, "xterm-256color", (90, 40))
            await there.until("\x1b[?1049h")
            await there.until("CP READ")
            there.type("QUERY USERID\r")
            await there.until("USER01   AT CPVM")
            there.process.change_terminal_size(100, 50)
            there.type("\x14")  # lines
            await there.until("\x1b[?1049l")
            there.type("LOGOFF\r")
            assert await there.end() == 0

    run(work())


@pytest.mark.parametrize(
    ("term", "size", "name", "status"),
    [("xterm", (79, 24), "user01+3270", 254), ("dumb", (80, 24), "user01+3270", 254), (None, (0, 0), "vm+3270", 254)],
)
def test_a_3270_needs_room(site: Site, term: str | None, size: tuple[int, int], name: str, status: int) -> None:
    async def work() -> None:
        async with site.connect(name, "secret") as connection:
            there = await terminal(connection, term, size)
            assert await there.end() == status
            assert "a 3270 needs a terminal" in there.errors

    run(work())


def test_lines_may_be_asked_for_and_keys_edit_them(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01+line", "secret") as connection:
            there = await terminal(connection, "xterm", (80, 24))
            await there.until("LOGON AT")
            there.type("QUERX\x7fY USERXX\x1b[D\x1b[D\x1b[3~\x1b[3~ID\r")
            await there.until("USER01   AT CPVM\r\n")
            there.type("\x1b[A\r")
            await there.until("USER01   AT CPVM\r\n")
            assert "\x1b[?1049h" not in there.text and "\x1b[?2004h" in there.text

    run(work())


def test_nothing_is_forwarded_and_there_are_no_subsystems(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01", "secret") as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", 22)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_unix_connection("/tmp/x")
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.start_server(lambda *_: None, "127.0.0.1", 0)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.start_sftp_client()
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.create_process(x11_forwarding=True, x11_display="127.0.0.1:0", command="QUERY TIME")

    run(work())


def test_a_command_needs_a_user(site: Site) -> None:
    async def work() -> None:
        async with site.connect("vm") as connection:
            done = await connection.run("QUERY TIME")
            assert done.exit_status == 254 and "needs a user" in done.stderr

    run(work())


def test_only_so_many_sessions_on_one_connection(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "MAX_SESSIONS", 2)

    async def work() -> None:
        async with site.connect("vm") as connection:
            for _ in range(2):
                await (await terminal(connection)).until("ONLINE")
            with pytest.raises(asyncssh.ChannelOpenError):
                await terminal(connection)

    run(work())


def opened(site: Site) -> socket.socket:
    return socket.create_connection(site.server.address, timeout=PATIENCE)


def test_strangers_are_few_and_have_little_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_STRANGERS_EACH", 2)
    waiting = [opened(site) for _ in range(2)]
    assert all(one.recv(4) == b"SSH-" for one in waiting)
    with opened(site) as third:
        assert not drained(third)
    waiting.pop().close()

    async def work() -> None:
        for _ in range(3):  # who was let in is no stranger
            async with site.connect("vm") as connection:
                await (await terminal(connection)).until("ONLINE")

    run(work())
    waiting.pop().close()


def drained(one: socket.socket) -> bytes:
    """What comes until the end, which may be a reset."""
    data = b""
    try:
        while more := one.recv(65536):
            data += more
    except ConnectionError:
        pass
    return data


def test_who_wants_nothing_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LOGIN_GRACE", 0.5)
    site = Site(tmp_path)

    async def work() -> None:
        async with site.connect("vm") as idle, site.connect("vm") as busy:
            there = await terminal(busy)
            await there.until("ONLINE")
            await idle.wait_closed()
            there.type("LOGON USER01\r")
            await there.until("ENTER PASSWORD:")

    run(work())
    site.stop()


def test_who_is_silent_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LOGIN_GRACE", 0.05)
    site = Site(tmp_path)
    with opened(site) as one:
        assert drained(one).startswith(b"SSH-2.0-")
    site.stop()


@pytest.mark.parametrize("seed", range(5))
def test_noise_does_no_harm(site: Site, seed: int) -> None:
    import random

    noise = random.Random(seed)
    for head in (b"", b"SSH-2.0-noise\r\n", b"SSH-1.5-old\r\n", b"GET / HTTP/1.0\r\n\r\n"):
        with opened(site) as one:
            try:
                one.sendall(head + noise.randbytes(noise.randrange(1, 40_000)))
                one.shutdown(socket.SHUT_WR)
            except ConnectionError:
                pass
            drained(one)

    async def work() -> None:
        async with site.connect("vm") as connection:
            await (await terminal(connection)).until("ONLINE")

    run(work())


def test_stopping_ends_all_sessions(tmp_path: Path) -> None:
    site = Site(tmp_path)

    async def work() -> None:
        async with site.connect("vm") as connection, site.connect("user01", "secret") as other:
            one, two = await terminal(connection), await terminal(other)
            await one.until("ONLINE")
            await two.until("LOGON AT")
            await asyncio.to_thread(site.stop)
            await one.end()
            await two.end()
            assert "SHUTDOWN COMPLETE" in one.text

    run(work())


def test_the_host_key_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    first = host_key(tmp_path)
    path = tmp_path / "ssh" / "host_ed25519"
    assert host_key(tmp_path) == first == path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert asyncssh.import_private_key(first).algorithm == b"ssh-ed25519"
    path.chmod(0o644)
    with pytest.raises(BadKey, match="may be read by others"):
        host_key(tmp_path)
    path.chmod(0o600)
    path.write_bytes(first[:100])
    with pytest.raises(BadKey, match="damaged"):
        host_key(tmp_path)


def test_without_asyncssh_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("cpvm.terminal.ssh")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    with pytest.raises(ServiceError, match=re.escape("pip install 'cpvm[ssh]'")):
        service.serve(None, None, None)  # type: ignore[arg-type]
