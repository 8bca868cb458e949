"""`cpvm start --ssh`: terminals by ssh."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cpvm.front.address import Address, is_loopback
from cpvm.front.services import Service, ServiceError

if TYPE_CHECKING:
    from cpvm.api import SystemHandle
    from cpvm.terminal.ssh.server import SSHServer

_MISSING: Final = "--ssh needs the extra `ssh`: pip install 'cpvm[ssh]'"


class _SSH:
    def __init__(self, server: SSHServer) -> None:
        self._server = server
        self.address = Address(*server.address)

    @property
    def welcome(self) -> Sequence[str]:
        """How to get there."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.address.host, self.address.host)
        here = replace(self.address, host=host)
        lines = [
            f"ssh:   ssh -p {here.port} cmsuser@{here.host}, or vm@{here.host} for VM/370 ONLINE",
            f"       host key {self._server.fingerprint}",
        ]
        if not is_loopback(self.address.host):
            lines.append("       Other computers can connect; the passwords above are refused there, keys are not")
        return lines

    def stop(self) -> None:
        """End all sessions."""
        self._server.stop()


def serve(system: SystemHandle, address: Address, arguments: argparse.Namespace) -> _SSH:
    """Begin to listen. Raises ServiceError, OSError."""
    try:
        from cpvm.terminal.ssh.server import SSHServer
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "asyncssh":
            raise
        raise ServiceError(_MISSING) from error
    from cpvm.front.sshgate import SystemGate
    from cpvm.front.sshkeys import BadKey, host_key

    try:
        key = host_key(system.directory)
    except BadKey as error:
        raise ServiceError(f"--ssh: {error}") from error
    except OSError as error:
        raise ServiceError(f"--ssh has no host key: {error}") from error
    server = SSHServer(
        SystemGate(system.system, system.directory),
        address.host,
        address.port,
        key,
        failed=lambda error: system.system.post(lambda: _tell(system, error)),
    )
    server.start()
    return _SSH(server)


def _tell(system: SystemHandle, error: Exception) -> None:
    system.system.log.failure("SSH", error)


SERVICE = Service("ssh", port=3022, help="also serve terminals by ssh", serve=serve)
