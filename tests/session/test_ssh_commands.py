"""Commands by ssh, for CMS."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

asyncssh = pytest.importorskip("asyncssh", reason="asyncssh (the extra `ssh`) is not installed")

from cpvm import api  # noqa: E402
from cpvm.front.remotecommand import NOT_DONE, NOT_LOGGED_ON, OTHER_CODE  # noqa: E402
from cpvm.front.sshgate import SystemGate  # noqa: E402
from cpvm.front.sshkeys import host_key  # noqa: E402
from cpvm.terminal.ssh import server  # noqa: E402

PATIENCE = 60  # seconds until a test that hangs fails


@pytest.fixture(scope="module")
def site(built_system: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A system that serves ssh, and its address."""
    import shutil

    folder = Path(shutil.copytree(built_system, tmp_path_factory.mktemp("ssh") / "system"))
    with api.start(folder) as system:
        listener = server.SSHServer(SystemGate(system.system, folder), "127.0.0.1", 0, host_key(folder))
        listener.start()
        system.after_stop(listener.stop)
        yield system, listener.address


def connect(site: Any, user: str) -> Any:
    return asyncssh.connect(
        *site[1], username=user, password=user, client_keys=[], known_hosts=None, config=None, agent_path=None
    )


def run(work: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(work, PATIENCE)

    asyncio.run(limited())


def executed(site: Any, command: str, given: str = "", user: str = "CMSUSER") -> tuple[int, str, str]:
    """Exit status, output, and what went wrong."""
    done: list[Any] = []

    async def work() -> None:
        async with connect(site, user) as connection:
            source = {"input": given} if given else {"stdin": asyncssh.DEVNULL}
            done.append(await connection.run(command, **source))

    run(work())
    return done[0].exit_status, done[0].stdout, done[0].stderr


@pytest.mark.parametrize(
    ("command", "status", "output", "errors"),
    [
        ("LISTFILE PROFILE EXEC", 0, "PROFILE  EXEC     A1\n", ""),
        ("STATE NO SUCH", 28, "DMSSTT002E File 'NO SUCH' not found.\n", ""),
        ("STATE NO SUCH#STATE PROFILE EXEC", 0, "DMSSTT002E File 'NO SUCH' not found.\n", ""),
        ("STATE PROFILE EXEC\nSTATE NO SUCH", 28, "DMSSTT002E File 'NO SUCH' not found.\n", ""),
        ("FROB", OTHER_CODE, "Unknown CP/CMS command\n", "cpvm: return code -3\n"),
        ("CP QUERY USERID", 0, "CMSUSER  AT CPVM\n", ""),
        ("CP FROB", OTHER_CODE, "", "cpvm: return code -1\n"),
        ("#CP QUERY USERID", 0, "CMSUSER  AT CPVM\n", ""),
        (" \n ", 0, "", ""),
    ],
)
def test_the_return_code_comes_back(site: Any, command: str, status: int, output: str, errors: str) -> None:
    assert executed(site, command) == (status, output, errors)


def test_characters_that_cms_lacks_are_named(site: Any) -> None:
    status, output, errors = executed(site, "CP MSG * €")
    assert status == 0 and output.endswith("MSG FROM CMSUSER : ?\n")
    assert errors == "NOT IN CODE PAGE 037: € U+20AC\n"


def test_a_program_reads_what_the_client_sends(site: Any) -> None:
    given = "INPUT\nHALLO WÖRLD\nSECOND\n\nFILE"  # the last line has no end
    status, _, errors = executed(site, "EDIT NEW FILE", given)
    assert (status, errors) == (0, "")
    assert executed(site, "TYPE NEW FILE")[1].split() == ["HALLO", "WÖRLD", "SECOND"]


def test_a_program_that_reads_more_than_there_is_ends(site: Any) -> None:
    status, _, errors = executed(site, "EDIT OTHER FILE")
    assert status == NOT_DONE and "reads more than there is" in errors


def test_a_user_who_is_logged_on_is_left_alone(site: Any) -> None:
    system = site[0]
    user = system.logon("USER01")
    status, _, errors = executed(site, "QUERY TIME", user="USER01")
    assert status == NOT_LOGGED_ON and "ALREADY LOGGED ON" in errors
    user.type("IPL CMS")
    user.type("")
    user.type("#CP DISCONN")
    status, _, errors = executed(site, "QUERY TIME", user="USER01")
    assert status == NOT_LOGGED_ON and "runs disconnected" in errors
    again = system.terminal()
    assert "RECONNECTED AT" in again.logon("USER01").text
    again.logoff()


def test_output_of_any_length_comes_whole(site: Any) -> None:
    status, output, _ = executed(site, "LISTFILE * * S")
    assert status == 0 and len(output.splitlines()) > 100


def test_whoever_goes_away_leaves_no_machine_behind(site: Any) -> None:
    async def work() -> None:
        async with connect(site, "USER02") as connection:
            process = await connection.create_process("CP SLEEP")
            while "USER02" not in site[0].system.users:
                await asyncio.sleep(0.01)
            process.close()
            while "USER02" in site[0].system.users:
                await asyncio.sleep(0.01)

    run(work())
    assert executed(site, "CP QUERY USERID", user="USER02")[1].startswith("USER02 ")


def test_a_full_screen_program_takes_the_window_and_gives_it_back(site: Any) -> None:
    async def work() -> None:
        async with connect(site, "USER01") as connection:
            process = await connection.create_process(term_type="xterm", term_size=(100, 30))
            seen = ""

            async def until(text: str) -> None:
                nonlocal seen
                while text not in seen:
                    seen += await process.stdout.read(65536)
                seen = seen.partition(text)[2]

            await until("LOGON AT")
            process.stdin.write("IPL CMS\r")
            await until("CMS VERSION")
            process.stdin.write("\r")
            await until("Ready;")
            process.stdin.write("EDIT NEW FILE\r")
            await until("\x1b[?1049h")
            await until("NEW FILE:")
            process.stdin.write("QUIT\r")
            await until("\x1b[?1049l")
            await until("Ready;")
            process.stdin.write("CP LOGOFF\r")
            await process.wait()
            assert process.exit_status == 0

    run(work())
