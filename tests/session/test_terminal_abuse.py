"""Terminals of a real system under attack: somebody at work does not notice, and nothing of it is left.

`tests/terminal/campaign.py` does the same for as long as one likes, with times and memory.
"""

import argparse
import asyncio
import gc
import shutil
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from terminal.attackers import ATTACKS, Attack, carry_out
from terminal.liars import Liar
from terminal.strangers import STRANGERS

from cpvm import api
from cpvm.cp.system import System
from cpvm.front.address import Address
from cpvm.front.certificate import make
from cpvm.front.services import ssh, tls, web

SECONDS = 0.2
"""Of each attack."""
ATTACKERS = 2
QUIET = 30.0
"""Seconds in which what an attack has left behind is to be gone: the host's buffers are still full of it."""

Kind = Callable[[Attack], Awaitable[None]]


@pytest.fixture(scope="module")
def shared(
    built_system: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[api.SystemHandle, tuple[str, int]]]:
    """A system that all of these attack, and where it listens."""
    folder = shutil.copytree(built_system, tmp_path_factory.mktemp("attacked") / "system")
    with api.start(folder) as system:
        yield system, system.listen()


Ways = dict[str, tuple[str, int]]


async def _attack(
    kinds: list[Kind], address: tuple[str, int], seconds: float, ways: Ways | None = None
) -> list[Attack]:
    end = time.monotonic() + seconds
    attacks = [
        Attack(address, Liar(f"{kind.__name__} {n}"), lambda: time.monotonic() > end, ["USER01"], ways or {})
        for n, kind in enumerate(kinds)
    ]
    await asyncio.gather(*(carry_out(kind, attack, seconds) for kind, attack in zip(kinds, attacks, strict=True)))
    return attacks


def attacked(
    kinds: list[Kind], address: tuple[str, int], seconds: float = SECONDS, ways: Ways | None = None
) -> list[Attack]:
    """Attack a system."""
    return asyncio.run(_attack(kinds, address, seconds, ways))


def gone(system: System) -> None:
    """Wait until no session is left but those of the system's own terminals."""
    end = time.monotonic() + QUIET
    while any(session.terminal.name[:1] in "LTSW" for session in list(system.sessions)):
        assert time.monotonic() < end, [session.terminal.name for session in system.sessions]
        time.sleep(0.01)


def no_failure(system: System) -> None:
    """CP has not failed anywhere."""
    assert not [line for line in system.log.lines if "CONTROL PROGRAM ERROR" in line or "Traceback" in line]


@pytest.mark.parametrize("kind", ATTACKS, ids=lambda kind: kind.__name__)
def test_an_attack(
    kind: Kind, shared: tuple[api.SystemHandle, tuple[str, int]], capfd: pytest.CaptureFixture[str]
) -> None:
    system, address = shared
    with api.connect(*address) as witness:
        witness.logon("CMSUSER")
        witness.ipl_cms()
        attacks = attacked([kind] * ATTACKERS, address)
        assert witness.command("LISTFILE PROFILE EXEC").return_code == 0
        witness.logoff()
    assert sum(attack.connections for attack in attacks)
    gone(system.system)
    no_failure(system.system)
    assert capfd.readouterr() == ("", "")


def test_everything_at_once_leaves_nothing_behind(shared: tuple[api.SystemHandle, tuple[str, int]]) -> None:
    system, address = shared
    kinds = [kind for kind in ATTACKS if kind.__name__ != "flood_of_commands"]  # which leaves a user
    attacked(kinds, address)  # what is kept, is kept now
    gone(system.system)
    tracemalloc.start()
    try:
        attacked(kinds, address)
        gone(system.system)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        attacked(kinds, address)
        gone(system.system)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 1_000_000
    no_failure(system.system)


@pytest.fixture
def everyway(shared: tuple[api.SystemHandle, tuple[str, int]], tmp_path: Path) -> Iterator[Ways]:
    """Where the other services of the system listen."""
    pytest.importorskip("asyncssh")
    pytest.importorskip("aiohttp")
    pytest.importorskip("cryptography")
    system, _ = shared
    certificate = tmp_path / "tls.pem"
    make(certificate, "127.0.0.1")
    given = argparse.Namespace()
    by_ssh = ssh.serve(system, Address("127.0.0.1", 0), given)
    by_web = web.serve(system, Address("127.0.0.1", 0), given)
    yield {
        "tls": system.listen(tls=tls.context(certificate, None)),
        "ssh": (by_ssh.address.host, by_ssh.address.port),
        "web": (by_web.address.host, by_web.address.port),
    }
    by_ssh.stop()
    by_web.stop()


def test_the_other_doors_all_at_once(
    shared: tuple[api.SystemHandle, tuple[str, int]], everyway: Ways, capfd: pytest.CaptureFixture[str]
) -> None:
    system, address = shared
    left_out = ("link_half_open", "link_liar", "web_flood")  # which is worked off for long afterwards
    kinds = [kind for kind in STRANGERS if kind.__name__ not in left_out]
    with api.connect(*address) as witness:
        witness.logon("CMSUSER")
        witness.ipl_cms()
        attacks = attacked(kinds, address, 1.0, everyway)
        assert witness.command("LISTFILE PROFILE EXEC").return_code == 0
        witness.logoff()
    assert all(attack.connections for attack in attacks)
    gone(system.system)
    no_failure(system.system)
    assert capfd.readouterr() == ("", "")
