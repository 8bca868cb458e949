"""The operator's page: sign-on, what it shows, and commands.

Signing on is CP's own check of userid and password. What stands for it afterwards is a random token in a cookie that
scripts cannot read and other sites cannot send. Frames of the WebSocket are JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ipaddress
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from cpvm.terminal.web import limits
from cpvm.terminal.web.pace import Pace

COOKIE: Final = "cpvm-operator"
PROTOCOL: Final = "cpvm-operator"
_PATH: Final = "/operator"


class OperatorSource(Protocol):
    """The system, as the operator's page sees it. Methods may be called from any thread; they do not wait, and call
    `done` from any thread."""

    def sign_on(self, userid: str, password: str, caller: str, local: bool, done: Callable[[str, str], None]) -> None:
        """Check a password by the rules of LOGON. `done` has the userid, or "" and why not."""

    def picture(self, userid: str, done: Callable[[Mapping[str, Any] | None], None]) -> None:
        """What this user may see of the system now; None if it is nothing (any more)."""

    def command(self, userid: str, line: str, done: Callable[[Sequence[str], int], None]) -> None:
        """Execute a CP command of this user's; `done` has the response and the return code."""


@dataclass
class _SignOn:
    """One operator's sign-on; times by the monotonic clock."""

    userid: str
    began: float
    used: float


class SignOns:
    """Who is signed on, by token. Only hashes of tokens are kept."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._all: OrderedDict[bytes, _SignOn] = OrderedDict()

    def add(self, userid: str) -> str:
        """A new token for a user."""
        token = secrets.token_urlsafe(32)
        now = self._now()
        self._all[self._hash(token)] = _SignOn(userid, now, now)
        while len(self._all) > limits.MAX_SIGNED_ON:
            self._all.popitem(last=False)
        return token

    def userid(self, token: str) -> str:
        """Whose token it is, which counts as use; "" if it is nobody's (any more)."""
        key = self._hash(token)
        one = self._all.get(key)
        if one is None:
            return ""
        now = self._now()
        if now - one.used > limits.IDLE_SECONDS or now - one.began > limits.LONGEST_SECONDS:
            del self._all[key]
            return ""
        one.used = now
        return one.userid

    def remove(self, token: str) -> None:
        """The user signs off."""
        self._all.pop(self._hash(token), None)

    @staticmethod
    def _hash(token: str) -> bytes:
        return hashlib.sha256(token.encode()).digest()


MakeSocket = Callable[[web.Request, int, str], Awaitable[web.WebSocketResponse]]


class OperatorPages:
    """The requests of operator's pages.

    Args:
        source: the system.
        socket: accepts a WebSocket.
        secure: whether the server speaks TLS.
    """

    def __init__(self, source: OperatorSource, socket: MakeSocket, secure: bool) -> None:
        self._source, self._socket, self._secure = source, socket, secure
        self._signed_on = SignOns()
        self._attempts: OrderedDict[str, Pace] = OrderedDict()
        self._open = 0

    async def sign_on(self, request: web.Request) -> web.Response:
        """POST {"userid", "password"}: 200 and the cookie, or 401 with CP's message."""
        caller = request.remote or ""
        if not self._pace(caller).take():
            raise web.HTTPTooManyRequests(text="Too many attempts; wait a minute.\n")
        try:
            async with asyncio.timeout(limits.REQUEST_SECONDS):
                body = await request.text()
            given = json.loads(body)
            userid, password = given["userid"], given["password"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise web.HTTPBadRequest(text="userid and password are needed\n") from None
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="The request did not come as a whole.\n") from None
        if not isinstance(userid, str) or not isinstance(password, str):
            raise web.HTTPBadRequest(text="userid and password are texts\n")
        local = _is_loopback(caller)
        user, why = await _called(lambda done: self._source.sign_on(userid, password, caller, local, done))
        if not user:
            return web.json_response({"message": why}, status=401)
        response = web.json_response({"userid": user})
        token = self._signed_on.add(user)
        response.set_cookie(COOKIE, token, path=_PATH, httponly=True, samesite="Strict", secure=self._secure)
        return response

    def _pace(self, caller: str) -> Pace:
        pace = self._attempts.pop(caller, None) or Pace(limits.SIGN_ONS_A_MINUTE / 60, limits.SIGN_ONS_A_MINUTE)
        self._attempts[caller] = pace
        while len(self._attempts) > limits.MAX_SIGNED_ON:
            self._attempts.popitem(last=False)
        return pace

    async def signed_on(self, request: web.Request) -> web.Response:
        """GET: who is signed on; 401 if nobody is."""
        userid = self._signed_on.userid(request.cookies.get(COOKIE, ""))
        if not userid:
            raise web.HTTPUnauthorized(text="Sign on first.\n")
        return web.json_response({"userid": userid})

    async def sign_off(self, request: web.Request) -> web.Response:
        """DELETE: the token is void."""
        self._signed_on.remove(request.cookies.get(COOKIE, ""))
        response = web.json_response({})
        response.del_cookie(COOKIE, path=_PATH, httponly=True, samesite="Strict", secure=self._secure)
        return response

    async def live(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket: pictures of the system to the page, commands from it."""
        token = request.cookies.get(COOKIE, "")
        if not self._signed_on.userid(token):
            raise web.HTTPUnauthorized(text="Sign on first.\n")
        if self._open >= limits.MAX_OPERATORS:
            raise web.HTTPServiceUnavailable(text="Too many operators.\n")
        self._open += 1
        try:
            socket = await self._socket(request, limits.MAX_COMMAND, PROTOCOL)
            pictures = asyncio.create_task(self._show(socket, token))
            try:
                await self._commands(socket, token)
            finally:
                pictures.cancel()
                with contextlib.suppress(asyncio.CancelledError, ConnectionError, web.HTTPServiceUnavailable):
                    await pictures
                await socket.close()
        finally:
            self._open -= 1
        return socket

    async def _show(self, socket: web.WebSocketResponse, token: str) -> None:
        while not socket.closed:
            userid = self._signed_on.userid(token)
            picture = await _called(lambda done: self._source.picture(userid, done)) if userid else (None,)  # noqa: B023
            if picture[0] is None:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"signed off")
                return
            await socket.send_json(picture[0])
            await asyncio.sleep(limits.LIVE_SECONDS)

    async def _commands(self, socket: web.WebSocketResponse, token: str) -> None:
        pace = Pace(limits.COMMANDS_A_SECOND, limits.COMMANDS_AT_ONCE)
        async for message in socket:
            line = _line(message.data) if message.type is WSMsgType.TEXT else None
            userid = self._signed_on.userid(token)
            if line is None or not userid or not pace.take():
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"not accepted")
                return
            lines, code = await _called(lambda done: self._source.command(userid, line, done))  # noqa: B023
            shown = list(lines[: limits.COMMAND_LINES])
            if len(lines) > len(shown):
                shown.append(f"({len(lines) - len(shown)} MORE LINES)")
            await socket.send_json({"response": shown, "code": code, "command": line})


def _line(text: str) -> str | None:
    """The command in a frame."""
    try:
        given = json.loads(text)
        line = given["command"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(line, str) or len(line) > 240:
        return None
    return "".join(char if char.isprintable() else " " for char in line)


async def _called(begin: Callable[[Callable[..., None]], None]) -> Any:
    """Wait for the callback of `begin`; returns its arguments. Raises HTTPServiceUnavailable if it does not come."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(values: tuple[Any, ...]) -> None:
        if not future.done():
            future.set_result(values)

    def done(*values: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, values)

    begin(done)
    try:
        async with asyncio.timeout(limits.ANSWER_SECONDS):
            return await future
    except TimeoutError:
        raise web.HTTPServiceUnavailable(text="The system does not answer.\n") from None


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
