"""Watching and driving the console of another machine: secondary users and observers.

z/VM's SET SECUSER, SET OBSERVER and SEND. A secondary user sees what a machine writes while it runs disconnected, and
may type for it; an observer sees it in any case, and may not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK


def connected(vm: VMBLOK, name: str) -> VMBLOK | None:
    """The machine of user NAME, if he is at a terminal and it is not VM itself."""
    found = vm.system.users.get(name) if name else None
    return None if found is None or found is vm or found.disconnected else found


def in_charge(vm: VMBLOK) -> VMBLOK | None:
    """Who drives VM now: its secondary user, if it is disconnected and he is there."""
    return connected(vm, vm.secondary) if vm.disconnected else None


def relay(vm: VMBLOK, text: str) -> None:
    """Show a line of VM's console to whom it concerns."""
    if not (vm.secondary or vm.observer):
        return
    shown = {in_charge(vm), connected(vm, vm.observer)}
    for watcher in shown - {None}:
        assert watcher is not None
        watcher.console.show_of(vm.userid, text)
