"""The web server without a browser: whom it answers, its limits, liars, and the operator's sign-on."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import ssl
from typing import Any

import aiohttp
import pytest

from cpvm.front.address import Address
from cpvm.front.services import ServiceError
from cpvm.front.services.web import SERVICE
from cpvm.terminal.web import limits
from cpvm.terminal.web.guarding import host_allowed, own_names
from cpvm.terminal.web.operators import SignOns
from cpvm.terminal.web.pace import Pace

TIMEOUT = 60
QUERY = bytes((0xF3, 0, 5, 1, 0xFF, 2))
REPLY = bytes.fromhex("88 0017 81 81 01 00 0050 0018 01 000a02e50002006f 09 0c 0780")


def browse(address: str, script: Any, **more: Any) -> Any:
    """Run a coroutine function with an HTTP session whose requests come from the server's own pages."""

    async def run() -> Any:
        headers = {"Origin": more.pop("origin", address)}
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(address, headers=headers, cookie_jar=jar, **more) as session:
            return await asyncio.wait_for(script(session), TIMEOUT)

    return asyncio.run(run())


async def terminal(session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    """A terminal that has told what it is."""
    socket = await session.ws_connect("/terminal", protocols=["cpvm-3270"])
    assert "line" in json.loads((await socket.receive()).data)
    assert (await socket.receive()).data == QUERY
    await socket.send_bytes(REPLY)
    return socket


async def until(socket: aiohttp.ClientWebSocketResponse, text: str) -> None:
    """Read until a record has this text."""
    while True:
        message = await socket.receive()
        assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
        if message.type is aiohttp.WSMsgType.BINARY and text.encode("cp037") in message.data:
            return


async def closed(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read until the connection ends; with which code."""
    while (await socket.receive()).type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT):
        pass
    return socket.close_code


def test_pages_carry_what_keeps_them_safe(web_address) -> None:
    async def script(session):
        for path, kind in (("/", "text/html"), ("/operator", "text/html"), ("/js/main.js", "text/javascript")):
            async with session.get(path) as answer:
                assert answer.status == 200 and answer.content_type == kind
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                text = await answer.text()
                assert "http://" not in text and "https://" not in text  # nothing from elsewhere
        for path in ("/nothing", "/../limits.py", "/js/../../server.py", "/terminal.html.py", "/%00"):
            async with session.get(path) as answer:
                assert answer.status in (400, 404)
        async with session.get("/js/codepage.js") as answer:
            table = json.loads((await answer.text()).partition("= ")[2].rstrip(";\n"))
            assert table == bytes(range(256)).decode("cp037")

    browse(web_address, script)


def test_other_names_and_other_pages_are_refused(web_address) -> None:
    async def script(session):
        async with session.get("/", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421
        for origin in ("http://evil.example", "null", web_address.replace("http", "https"), web_address + "0"):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect("/terminal", headers={"Origin": origin})
            async with session.post("/operator/session", data="{}", headers={"Origin": origin}) as answer:
                assert answer.status == 403
        async with aiohttp.ClientSession(web_address) as without:
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await without.ws_connect("/terminal")

    browse(web_address, script)


def test_names_of_the_server() -> None:
    names = own_names("127.0.0.1", ["VM.example"])
    for header in ("localhost:8370", "127.0.0.1:8370", "[::1]:8370", "10.0.0.7", "vm.example"):
        assert host_allowed(header, names), header
    for header in (
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8370",
        "[::1",
        "a b",
        "@localhost.x",
    ):
        assert not host_allowed(header, names), header


def test_a_record_is_a_frame(web_address, web_system) -> None:
    async def script(session):
        socket = await terminal(session)
        await until(socket, "ONLINE")
        await socket.send_str('{"key": "sysreq"}')
        # ENTER with LOGON NOBODY in the input area
        await socket.send_bytes(b"\x7d\x5b\x60\x11\x5b\x60" + "LOGON NOBODY".encode("cp037"))
        await until(socket, "NOT IN CP DIRECTORY")
        await socket.close()

    browse(web_address, script)


def test_a_terminal_that_does_not_say_what_it_is(web_address, monkeypatch) -> None:
    monkeypatch.setattr(limits, "FIRST_ANSWER_SECONDS", 0.05)

    async def script(session):
        socket = await session.ws_connect("/terminal")
        await until(socket, "ONLINE")
        await socket.close()

    browse(web_address, script)


def test_frames_that_are_none_end_the_connection(web_address) -> None:
    async def script(session):
        for text in ("hello", "[" * 900, '{"key": "pf1"}', "{}", "x" * 5000):
            socket = await terminal(session)
            await socket.send_str(text)
            assert await closed(socket) == aiohttp.WSCloseCode.POLICY_VIOLATION
        socket = await terminal(session)
        await socket.send_bytes(bytes(limits.MAX_RECORD + 1))
        assert await closed(socket) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG

    browse(web_address, script)


def test_signs_of_life(web_address, web_system, monkeypatch) -> None:
    monkeypatch.setattr(limits, "KEEPALIVE_SECONDS", 2.0)
    monkeypatch.setattr(limits, "FIRST_ANSWER_SECONDS", 0.05)

    async def script(session):
        await nobody(web_system)
        living = await terminal(session)
        await until(living, "ONLINE")
        await living.ping(b"there?")
        dead = await session.ws_connect("/terminal", autoping=False)  # it answers no pings
        name = json.loads((await dead.receive()).data)["line"]
        while (await living.receive()).data != "{}":
            pass
        while name in [wire.name for wire in in_browsers(web_system)]:
            await asyncio.sleep(0.01)
        await living.close()

    browse(web_address, script)


def test_random_bytes_hurt_nobody(web_address, web_system) -> None:
    choice = random.Random(370)

    async def one(session, seed):
        own = random.Random(seed)
        socket = await session.ws_connect("/terminal")
        for _ in range(40):
            first = own.choice((0x7D, 0x88, 0x61, 0x6C, 0x6D, 0x60, 0xF1, own.randrange(256)))
            await socket.send_bytes(bytes((first,)) + own.randbytes(own.choice((0, 1, 2, 5, 40, 3000))))
        await socket.close()

    async def script(session):
        await asyncio.gather(*(one(session, choice.random()) for _ in range(12)))
        socket = await terminal(session)
        await until(socket, "ONLINE")
        await socket.close()

    browse(web_address, script)
    assert web_system.system.running


def in_browsers(web_system) -> list[Any]:
    return [one.terminal.wire for one in web_system.system.sessions if one.terminal.name.startswith("W")]


async def nobody(web_system) -> None:
    """Wait until terminals of tests before are gone."""
    while in_browsers(web_system):
        await asyncio.sleep(0.01)


async def log_on(socket: aiohttp.ClientWebSocketResponse, userid: str) -> None:
    """LOGON in the input area, and the password."""
    await until(socket, "ONLINE")
    for line, then in ((f"LOGON {userid}", "ENTER PASSWORD"), (userid, "LOGON AT")):
        await socket.send_bytes(b"\x7d\x5b\x60\x11\x5b\x60" + line.encode("cp037"))
        await until(socket, then)


def test_there_are_so_many_lines_and_users_keep_theirs(web_address, web_system, monkeypatch) -> None:
    monkeypatch.setattr(limits, "MAX_TERMINALS", 2)

    async def script(session):
        await nobody(web_system)
        user = await terminal(session)
        await log_on(user, "CMSUSER")
        looking = await terminal(session)
        other = await terminal(session)
        await closed(looking)
        await log_on(other, "OPERATOR")
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            await session.ws_connect("/terminal")
        for socket in (user, other):
            await socket.send_bytes(b"\x6d")
            await socket.send_bytes(b"\x7d\x5b\x60\x11\x5b\x60" + "#CP LOGOFF".encode("cp037"))
            await until(socket, "ONLINE")
            await socket.close()

    browse(web_address, script)


def test_connections_that_ask_for_nothing_make_room(web_address, monkeypatch) -> None:
    monkeypatch.setattr(limits, "MAX_CONNECTIONS", 10)
    host, port = web_address.removeprefix("http://").split(":")

    async def script(session):
        asked = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        ends = []
        for number in range(40):
            reader, writer = await asyncio.open_connection(host, int(port))
            ends.append((reader, writer))
            if number % 2:  # and is kept alive
                writer.write(asked)
                assert b"200 OK" in await reader.readline()
        async with session.get("/") as answer:
            assert answer.status == 200
        for reader, _ in ends[:20]:
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), TIMEOUT)
        for _, writer in ends:
            writer.close()

    browse(web_address, script)


def test_who_asks_for_nothing_is_not_kept(web_address, monkeypatch) -> None:
    monkeypatch.setattr(limits, "REQUEST_SECONDS", 0.1)
    host, port = web_address.removeprefix("http://").split(":")

    async def silent(sent: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent)
        answer = await asyncio.wait_for(reader.read(), TIMEOUT)
        writer.close()
        return answer

    slow = f"POST /operator/session HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Length: 50\r\n\r\n{{"
    assert asyncio.run(silent(b"")) == b""
    assert asyncio.run(silent(b"GET / HTTP/1.1\r\nHost: ")) == b""
    assert b"408" in asyncio.run(silent(slow.encode()))


def test_so_many_connections(web_address, monkeypatch) -> None:
    monkeypatch.setattr(limits, "MAX_CONNECTIONS", 3)
    host, port = web_address.removeprefix("http://").split(":")

    async def crowd() -> int:
        ends = [await asyncio.open_connection(host, int(port)) for _ in range(8)]
        refused = [asyncio.create_task(reader.read()) for reader, _ in ends]
        done, waiting = await asyncio.wait(refused, timeout=TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        while len(done) < 5:
            more, waiting = await asyncio.wait(waiting, timeout=TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
            done |= more
        for _, writer in ends:
            writer.close()
        for task in waiting:
            task.cancel()
        return len(done)

    assert asyncio.run(crowd()) >= 5


def test_output_that_is_left_unread_ends_the_connection(web_address, web_system, monkeypatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNREAD", 100_000)

    async def script(session):
        await nobody(web_system)
        socket = await terminal(session)
        await until(socket, "ONLINE")
        (wire,) = in_browsers(web_system)
        for _ in range(200):
            wire.send(0x01, bytes(60_000))
        await closed(socket)
        await nobody(web_system)

    browse(web_address, script)


# ---- the operator


async def sign_on(session: aiohttp.ClientSession, userid: str, password: str) -> tuple[int, dict[str, Any]]:
    async with session.post("/operator/session", json={"userid": userid, "password": password}) as answer:
        text = await answer.text()
        cookie = answer.headers.get("Set-Cookie", "")
        if answer.status == 200:
            assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/operator" in cookie
        else:
            assert not cookie
        return answer.status, json.loads(text) if text.startswith("{") else {"text": text}


def test_sign_on_is_checked_by_cp(web_address, web_system) -> None:
    async def script(session):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await session.ws_connect("/operator/live")
        assert await sign_on(session, "nobody", "x") == (401, {"message": "DMKLOG053E NOBODY NOT IN CP DIRECTORY"})
        status, said = await sign_on(session, "user01", "user01")
        assert status == 401 and "PRIVILEGE CLASS" in said["message"]
        assert (await sign_on(session, "a/b", "x"))[0] == 401
        for bad in ("", "[]", "nonsense", '{"userid": 1, "password": []}', "[" * 3000, "x" * 9000):
            async with session.post("/operator/session", data=bad) as answer:
                assert answer.status in (400, 413)
        status, said = await sign_on(session, "maint", "maint")
        assert (status, said) == (200, {"userid": "MAINT"})
        socket = await session.ws_connect("/operator/live", protocols=["cpvm-operator"])
        picture = (await socket.receive()).json()
        assert (
            picture["userid"] == "MAINT"
            and not picture["here"]
            and {"users", "load", "spool", "devices"} <= set(picture)
        )
        await socket.send_json({"command": "query names"})
        while "response" not in (said := (await socket.receive()).json()):
            pass
        assert "NOT LOGGED ON" in said["response"][0]
        async with session.delete("/operator/session") as answer:
            assert answer.status == 200
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await session.ws_connect("/operator/live")
        return socket

    browse(web_address, script)
    log = (web_system.directory / "operator.log").read_text()
    assert "WEB      SIGN ON   MAINT    FROM 127.0.0.1" in log
    assert "WEB      SIGN ON            REFUSED, FROM 127.0.0.1" in log


def test_wrong_passwords_count(web_address, web_system) -> None:
    async def script(session):
        said = [await sign_on(session, "maint", "wrong") for _ in range(7)]
        assert "PASSWORD INCORRECT" in said[0][1]["message"] and "MAXIMUM PASSWORD ATTEMPTS" in said[6][1]["message"]
        assert (await sign_on(session, "maint", "maint"))[0] == 401
        web_system.system.guard.right("MAINT")
        assert (await sign_on(session, "maint", "maint"))[0] == 200
        answers = [(await sign_on(session, "nobody", "x"))[0] for _ in range(limits.SIGN_ONS_A_MINUTE)]
        assert answers[-1] == 429

    browse(web_address, script)


def test_commands_are_the_users(web_system, monkeypatch) -> None:
    from cpvm.front.operatorpage import SystemSource

    source = SystemSource(web_system.system)

    def asked(line: str, userid: str = "OPERATOR") -> tuple[list[str], int]:
        async def ask() -> Any:
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            source.command(
                userid, line, lambda lines, code: loop.call_soon_threadsafe(future.set_result, (list(lines), code))
            )
            return await asyncio.wait_for(future, TIMEOUT)

        return asyncio.run(ask())

    user = web_system.logon("OPERATOR")
    student = web_system.logon("USER01")
    try:
        assert asked("query userid")[0][0].startswith("OPERATOR")
        assert asked("nonsense") == (["DMKCFM001E ?CP: nonsense"], 1)
        assert "INDICATE" not in asked("indicate load")[0][0] and "CPU-" in asked("indicate load")[0][0]
        assert "INPUT" in asked("set password")[0][-1] or asked("set password")[1]
        assert "NOT LOGGED ON" in asked("query names", "MAINT")[0][0]
        assert "NOT LOGGED ON" in asked("query names", "USER01")[0][0]  # class G has no operator's page
    finally:
        student.logoff()
        user.logoff()


def test_a_sign_on_ends() -> None:
    now = [0.0]
    signed = SignOns(lambda: now[0])
    token = signed.add("OPERATOR")
    assert signed.userid(token) == "OPERATOR" and signed.userid(token + "x") == "" and signed.userid("") == ""
    now[0] += limits.IDLE_SECONDS - 1
    assert signed.userid(token) == "OPERATOR"
    now[0] += limits.IDLE_SECONDS + 1
    assert signed.userid(token) == ""
    token = signed.add("OPERATOR")
    for _ in range(100):
        now[0] += limits.LONGEST_SECONDS / 90
        last = signed.userid(token)
    assert last == ""
    tokens = [signed.add("OPERATOR") for _ in range(limits.MAX_SIGNED_ON + 1)]
    assert signed.userid(tokens[0]) == "" and signed.userid(tokens[1]) == "OPERATOR"


def test_pace() -> None:
    now = [0.0]
    pace = Pace(2.0, 3, lambda: now[0])
    assert [pace.take() for _ in range(4)] == [True, True, True, False]
    now[0] += 0.5
    assert pace.take() and not pace.take()


# ---- the service


class Handle:
    """A running system, as services have it, in another folder for its certificate."""

    def __init__(self, system, directory) -> None:
        self.system, self.directory = system, directory


def arguments(**more: object) -> argparse.Namespace:
    return argparse.Namespace(**{"web_cert": None, "web_key": None, "web_name": None, **more})


def test_beyond_this_computer_only_with_tls(web_system, tmp_path) -> None:
    pytest.importorskip("cryptography")
    running = SERVICE.serve(
        Handle(web_system.system, tmp_path), Address("0.0.0.0", 0), arguments(web_name=["vm.example"])
    )
    try:
        address = running.welcome[0].split()[-1].rstrip("/")
        assert address.startswith("https://127.0.0.1:")

        async def script(session):
            async with session.get("/", headers={"Host": "vm.example"}) as answer:
                assert answer.status == 200
            async with session.post("/operator/session", json={"userid": "MAINT", "password": "maint"}) as answer:
                assert answer.status == 200 and "Secure" in answer.headers["Set-Cookie"]
            socket = await terminal(session)
            await until(socket, "ONLINE")
            await socket.close()

        trust = ssl.create_default_context(cafile=tmp_path / "tls.pem")

        async def run():
            connector = aiohttp.TCPConnector(ssl=trust)
            async with aiohttp.ClientSession(address, headers={"Origin": address}, connector=connector) as session:
                await asyncio.wait_for(script(session), TIMEOUT)

        asyncio.run(run())
    finally:
        running.stop()


def test_certificates_that_cannot_be_used(web_system, tmp_path) -> None:
    handle = Handle(web_system.system, tmp_path)
    with pytest.raises(ServiceError, match="--web-key needs --web-cert"):
        SERVICE.serve(handle, Address("127.0.0.1", 0), arguments(web_key=tmp_path / "key"))
    with pytest.raises(ServiceError, match="--web-cert cannot read"):
        SERVICE.serve(handle, Address("127.0.0.1", 0), arguments(web_cert=tmp_path / "nothing"))


def test_the_address_is_taken(web_system, web_address, tmp_path) -> None:
    port = int(web_address.rpartition(":")[2])
    with pytest.raises(OSError):
        SERVICE.serve(Handle(web_system.system, tmp_path), Address("127.0.0.1", port), arguments())
