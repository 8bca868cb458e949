"""Users come and go: LOGON, LOGOFF, DISCONN, the end of the line, and the end of the system (DMKLOG, DMKUSO)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cpvm.cp import clock
from cpvm.cp.ceiling import NOT_LOGGED_ON
from cpvm.cp.directory import ConsoleEntry, UserEntry
from cpvm.cp.journal import What
from cpvm.cp.message import message
from cpvm.cp.signon import place_of
from cpvm.cp.virtual import add_from_directory
from cpvm.cp.vmblok import VMBLOK
from cpvm.machine.cardreader import CardReader
from cpvm.machine.device import Device

if TYPE_CHECKING:
    from cpvm.cp.session import Session
    from cpvm.cp.system import System

OPERATOR = "OPERATOR"
LINE_LOST_SECONDS = 15 * 60  # a user whose line broke is logged off after this time
COMPLETE = message("DMKCPI966I", "Initialization complete")
SHUT_DOWN = message("DMKCKP961W", "SYSTEM SHUTDOWN COMPLETE")


def create(system: System, entry: UserEntry, session: Session | None) -> VMBLOK:
    """Make the virtual machine of a user who is logging on; without a session it is disconnected (AUTOLOG).

    Raises CPError if SET MAXIMUM does not allow one more, or there is no storage for the machine.
    """
    system.operations.check_room(entry.userid)
    system.ceiling.check(entry.userid)
    try:
        vm = VMBLOK(system, entry)
    except (OSError, MemoryError):
        raise NOT_LOGGED_ON.error(entry.userid) from None
    system.users[entry.userid] = vm
    system.scheduler.enter(vm)
    system.peak = max(system.peak, len(system.users))
    vm.console.patience = system.configuration.unanswered
    vm.console.give_up = lambda: log_off(vm, forced=True)
    if session is not None:
        vm.console.connect(session)
        vm.console.cp_read = True
        _journal(vm, What.LOGON)
    vm.secondary = directed_secondary(entry)
    if entry.affinity >= 0:
        system.operations.affinity.setdefault(entry.userid, entry.affinity)
    for device in entry.devices:
        add_from_directory(vm, device)
    vm.entered = True
    return vm


def directed_secondary(entry: UserEntry) -> str:
    """The secondary user that the CONSOLE statement names, "" if none."""
    return next((device.secondary for device in entry.devices if isinstance(device, ConsoleEntry)), "")


def welcome(vm: VMBLOK) -> None:
    """What a user sees after LOGON: log message, files, the time."""
    for line in logmsg_lines(vm.system):
        vm.console.write_cp(line)
    files = files_line(vm)
    if files:
        vm.console.write_cp(files)
    vm.console.write_cp(f"LOGON AT {clock.long(time.time())}")
    vm.system.log.write(f"{vm.line:<9} LOGON  AS {vm.userid:<8} USERS = {len(vm.system.users):03}")


def logmsg_lines(system: System) -> list[str]:
    """LOGMSG - time date, and the message; nothing if there is none."""
    when, lines = system.directory.logmsg()
    if not lines:
        return []
    return [f"LOGMSG - {clock.hhmmss(when)} {clock.mmddyy(when)}", *(f"* {line}" for line in lines)]


def files_line(vm: VMBLOK, *, always: bool = False) -> str | None:
    """FILES: nnn RDR, NO PRT, NO PUN; None if there are none, unless ALWAYS."""
    counts = [(queue, vm.system.spool.count(queue, vm.userid)) for queue in ("RDR", "PRT", "PUN")]
    if not always and not any(count for _, count in counts):
        return None
    return "FILES: " + ", ".join(f"{count:03} {queue}" if count else f"NO {queue}" for queue, count in counts)


def reconnect(vm: VMBLOK, session: Session) -> None:
    """A disconnected user is back; the machine stops in CP READ until BEGIN."""
    if vm.lost_line is not None:  # or a later DISCONN would be taken for a line that was lost now
        vm.lost_line.cancel()
        vm.lost_line = None
    vm.console.connect(session)
    _journal(vm, What.RECONNECT)
    vm.stopped = True
    for line in logmsg_lines(vm.system):
        vm.console.write_cp(line)
    files = files_line(vm)
    if files:
        vm.console.write_cp(files)
    vm.console.write_cp(f"RECONNECTED AT {clock.long(time.time())}")
    vm.system.log.write(f"{vm.line:<9} RECONNECT {vm.userid:<8} USERS = {len(vm.system.users):03}")
    vm.console.wait_for_cp()


def disconnect(vm: VMBLOK, *, hold: bool = False) -> None:
    """DISCONN: the terminal is free, the machine goes on."""
    _journal(vm, What.DISCONNECT)
    vm.console.write_cp(f"DISCONNECT AT {clock.long(time.time())}")
    name = vm.line
    session = vm.console.disconnect()
    vm.system.log.write(f"{name:<9} DISCONNECT {vm.userid:<8} USERS = {len(vm.system.users):03}")
    vm.console.cp_read = False
    if session is not None:
        free_line(vm.system, session, hold=hold)
    vm.stopped = vm.stopped and vm.never_ran
    vm.wake()


def line_lost(vm: VMBLOK) -> None:
    """The terminal has gone without a word: the user is disconnected, and logged off unless back in 15 minutes."""
    if vm.function is not None:
        vm.function.cancel()
    if vm.logged_off:
        return
    disconnect(vm)

    def expired() -> None:
        if vm.disconnected and not vm.logged_off and vm.system.users.get(vm.userid) is vm and vm.lost_line is request:
            log_off(vm, forced=True)

    request = vm.lost_line = vm.system.timers.after(LINE_LOST_SECONDS, expired)


def log_off(vm: VMBLOK, *, hold: bool = False, forced: bool = False) -> None:
    """End a user's session: files are closed, links dropped, the accounting record is written."""
    if vm.logged_off:
        return
    system = vm.system
    _journal(vm, What.LOGOFF, about="FORCED" if forced else "")
    outputs = sorted(vm.outputs, key=lambda output: output.kind == "CONS")
    for output in outputs:
        if output.kind == "CONS":  # the last, so that its one file has all that was shown
            _last_words(vm)
            vm.console.spooling = False
        output.close(even_cont=True)  # before the terminal goes, since it tells of the files
    if not outputs or outputs[-1].kind != "CONS":
        _last_words(vm)
    vm.logged_off = True
    vm.stopped = True
    name = vm.line
    system.guarded(vm.vmcf.end)
    system.guarded(vm.iucv.end)
    system.guarded(vm.logical.end)
    del system.users[vm.userid]
    if forced or system.stopping:
        for reader in vm.readers:
            reader.break_off()
    for block in vm.devices.values():
        system.guarded(block.release)
    vm.devices.clear()
    system.guarded(vm.account)
    system.operations.gone(vm)
    system.ceiling.gone(vm)
    vm.forget_timers()
    vm.end_conversation()
    vm.machine.storage.discard()
    note = " FORCED" if forced else ""
    system.log.write(f"{name:<9} LOGOFF AS {vm.userid:<8} USERS = {len(system.users):03}{note}")
    session = vm.console.disconnect()
    if vm.function is not None:
        vm.function.cancel()
    if session is not None:
        free_line(system, session, hold=hold)


def _journal(vm: VMBLOK, what: What, *, about: str = "") -> None:
    vm.system.journal.write(what, vm.userid, place=str(place_of(vm.console.session)), about=about)


def _last_words(vm: VMBLOK) -> None:
    """What was used, and the time."""
    vm.console.write_cp(vm.usage.line())
    vm.console.write_cp(f"LOGOFF AT {clock.long(time.time())}")


def free_line(system: System, session: Session, *, hold: bool) -> None:
    """Nobody is logged on at a terminal any more: a switched line drops unless it is held, a local one stays."""
    session.failures = 0
    session.ahead.clear()
    if system.stopping:
        return  # it will be closed, with the others
    if hold or session.terminal.local:
        system.online(session)
    else:
        drop_line(system, session)


def drop_line(system: System, session: Session) -> None:
    """Break the connection."""
    if session in system.sessions:
        system.sessions.remove(session)
    session.close()


def reader_ready(device: Device) -> None:
    """A file has come for this reader."""
    if isinstance(device, CardReader):
        device.ready()


def system_started(system: System) -> None:
    """CP is up."""
    system.ipl_time = time.time()

    def show(text: str) -> None:
        operator = system.users.get(OPERATOR)
        if operator is not None and operator.wng:
            operator.console.write_cp(f"{clock.hhmmss(time.time())} {text}")

    system.log.show = show
    system.log.write(COMPLETE.full())
    system.operations.journaling.begin()


def system_stopping(system: System) -> None:
    """SHUTDOWN: everybody is logged off."""
    for vm in list(system.users.values()):
        log_off(vm)


def system_stopped(system: System) -> None:
    """All that was to be kept is: everybody is told that the system has stopped."""
    for session in system.sessions:
        session.write(SHUT_DOWN.full())
    system.log.write(SHUT_DOWN.full())
    system.journal.write(What.SYSTEM, about="SHUTDOWN")
