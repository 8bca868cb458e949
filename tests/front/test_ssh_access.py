"""Who comes in by ssh, and what there is not."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

asyncssh = pytest.importorskip("asyncssh", reason="asyncssh (the extra `ssh`) is not installed")

from cpvm.cp import password  # noqa: E402
from cpvm.cp.guard import Guard  # noqa: E402
from cpvm.front.remotecommand import NOT_DONE  # noqa: E402
from cpvm.front.services import ServiceError  # noqa: E402
from cpvm.front.services import ssh as service  # noqa: E402
from cpvm.front.sshkeys import BadKey, UserKeys, host_key  # noqa: E402
from cpvm.terminal.ssh import access, server  # noqa: E402

from .sshsite import PATIENCE, Site, run, terminal  # noqa: E402


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(password, "_COST", 1 << 4)
    site = Site(tmp_path)
    yield site
    site.stop()


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


def test_a_key_may_be_for_one_command_or_no_terminal(site: Site) -> None:
    one, two = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    keys = UserKeys(site.folder)
    keys.add("USER01", 'command="CP QUERY USERID" ' + one.export_public_key().decode())
    keys.add("USER01", "no-pty " + two.export_public_key().decode())

    async def work() -> None:
        async with site.connect("user01", keys=[one]) as connection:
            there = await terminal(connection)
            assert await there.end() == NOT_DONE
            assert "USER01 has no CMS" in there.errors  # so it was the command
        async with site.connect("user01", keys=[two]) as connection:
            with pytest.raises(asyncssh.ChannelOpenError, match="PTY"):
                await terminal(connection)
            there = await terminal(connection, None)
            await there.until("LOGON AT")

    run(work())


def test_a_key_ring_passes_over_what_it_does_not_understand(site: Site) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    line = key.export_public_key().decode()
    path = site.folder / "ssh" / "keys" / "USER01"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"# comment\n\xff\xfe\nssh-ed25519 rubbish\n" + f"cert-authority {line}{line}".encode())

    async def work() -> None:
        async with site.connect("user01", keys=[key]) as connection:
            await (await terminal(connection)).until("LOGON AT")

    run(work())


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


def test_who_only_looks_makes_room_for_who_logs_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)

    async def work() -> None:
        async with site.connect("CMSUSER", "CMSUSER") as user:
            mine = await terminal(user)
            await mine.until("LOGON AT")
            looking = [await site.connect("vm") for _ in range(2)]
            for one in looking:
                await (await terminal(one)).until("ONLINE")
            async with site.connect("USER01", "SECRET") as other:
                await (await terminal(other)).until("LOGON AT")
                await looking[0].wait_closed()
                mine.type("QUERY USERID\n")
                await mine.until("CMSUSER")
                looking[1].abort()

    run(work())


def test_all_lines_busy_with_users(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 1)

    async def work() -> None:
        async with site.connect("CMSUSER", "CMSUSER") as user:
            await (await terminal(user)).until("LOGON AT")
            with opened(site) as late:
                assert not drained(late).removeprefix(b"SSH-2.0-").count(b"\0")

    run(work())


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
