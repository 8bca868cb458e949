"""Ways to a running system beside its telnet port, one module each; `cpvm start` finds them here.

A module says what its option is and how to begin:

    SERVICE = Service("gopher", port=7070, help="terminals by gopher", serve=serve)

and `cpvm start --gopher` listens on 127.0.0.1:7070, `--gopher HOST:PORT` elsewhere. What a service needs beyond the
standard library it imports in `serve`, so that a start without it costs nothing.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cpvm.front.address import DEFAULT_HOST, Address

if TYPE_CHECKING:
    from cpvm.api import SystemHandle


class ServiceError(Exception):
    """A service cannot be begun; the text, one line, says why and what would help."""


class Running(Protocol):
    """A service that has begun."""

    @property
    def welcome(self) -> Sequence[str]:
        """What is printed at the start: how to get there, a line each."""
        ...

    def stop(self) -> None:
        """End all its connections, and wait for that. CP has shut down already."""


def _nothing(parser: argparse._ArgumentGroup) -> None:
    pass


@dataclass(frozen=True)
class Service:
    """What a module of this package has as its `SERVICE`.

    Args:
        name: of the option, without the hyphens.
        port: where it listens on 127.0.0.1 unless told otherwise.
        help: what the option is for.
        serve: begins; it has all the arguments of the command. Raises ServiceError, OSError.
        add_arguments: adds further options, which begin with the service's name.
    """

    name: str
    port: int
    help: str
    serve: Callable[[SystemHandle, Address, argparse.Namespace], Running]
    add_arguments: Callable[[argparse._ArgumentGroup], None] = _nothing

    @property
    def default(self) -> Address:
        """Where it listens if its option has no value."""
        return Address(DEFAULT_HOST, self.port)


def discovered() -> list[Service]:
    """All services there are, by name. Raises ImportError: two have the same name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    services: list[Service] = [importlib.import_module(f"{__name__}.{name}").SERVICE for name in names]
    if len({service.name for service in services}) < len(services):
        raise ImportError("two services have the same name")
    return services


def begin(system: SystemHandle, arguments: argparse.Namespace) -> list[Running]:
    """Begin the services that the arguments of the command ask for; `system` ends them when it stops.

    Raises:
        ServiceError: one cannot be begun; none is left.
    """
    running: list[Running] = []
    for service in discovered():
        address: Address | None = getattr(arguments, service.name, None)
        if address is None:
            continue
        try:
            running.append(service.serve(system, address, arguments))
        except OSError as error:
            for other in running:
                other.stop()
            raise ServiceError(f"--{service.name} cannot listen on {address}: {error.strerror or error}") from error
        except ServiceError:
            for other in running:
                other.stop()
            raise
    for one in running:
        system.after_stop(one.stop)
    return running
