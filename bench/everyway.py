"""A system with a crowd of CMS users and all its services, in a process of its own; for benches and attacks.

    python bench/everyway.py DIRECTORY

does what `crowd.py` does, and writes into the file `ways` of the folder where each service listens.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import crowd
from cpvm import api
from cpvm.front.address import Address
from cpvm.front.certificate import make
from cpvm.front.services import ssh, tls, web

WAYS = "ways"
HERE = "127.0.0.1"
Ways = dict[str, tuple[str, int]]
"""Where each service listens: telnet, tls, ssh, web, link (the port for links to other systems)."""

CONFIGURATION = "NODE ALPHA\nNETWORK LISTEN 127.0.0.1:0\nLINK BETA * KEY SECRET\n"


@contextmanager
def running(folder: Path, errors: IO[str] | None = None) -> Iterator[tuple[crowd.Crowd, Ways]]:
    """The system in FOLDER, running; ERRORS gets its standard error."""
    (folder / "system.config").write_text(CONFIGURATION)
    (folder / WAYS).unlink(missing_ok=True)
    found = crowd.Crowd(folder, errors, Path(__file__))
    try:
        ways = {name: (str(host), int(port)) for name, (host, port) in json.loads((folder / WAYS).read_text()).items()}
        yield found, ways
    finally:
        found.end()


def tried(users: int, work: Callable[[crowd.Crowd, Ways], Coroutine[object, object, list[str]]]) -> list[str]:
    """Make a system with so many users, and have it worked with: what WORK found wrong, and what the system told.

    What it wrote to its standard error counts, and errors of CP's own in the operator's log.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "system"
        crowd.make(folder, users)
        with (Path(temporary) / "errors").open("w+") as errors:
            with running(folder, errors) as (system, ways):
                wrong = asyncio.run(work(system, ways))
            errors.seek(0)
            wrong += errors.read().splitlines()
        log = (folder / "operator.log").read_text().splitlines()
        return wrong + [line for line in log if "CONTROL PROGRAM ERROR" in line or line.startswith("Traceback")]


def _serve(folder: Path) -> None:
    given = argparse.Namespace()
    with ExitStack() as stack, api.start(folder) as system:
        certificate = folder / tls.OWN_FILE
        make(certificate, HERE)
        ways = {"telnet": system.listen(), "tls": system.listen(tls=tls.context(certificate, None))}
        by_ssh = ssh.serve(system, Address(HERE, 0), given)
        by_web = web.serve(system, Address(HERE, 0), given)
        for service in (by_ssh, by_web):
            stack.callback(service.stop)
        ways["ssh"] = (by_ssh.address.host, by_ssh.address.port)
        ways["web"] = (by_web.address.host, by_web.address.port)
        link = system.system.network.address
        if link is not None:
            ways["link"] = link
        (folder / WAYS).write_text(json.dumps(ways))
        crowd.tell(ways["telnet"])


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
