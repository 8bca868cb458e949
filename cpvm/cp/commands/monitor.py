"""MONITOR: gather figures into a spool file (DMKMCC)."""

from __future__ import annotations

from collections.abc import Callable

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_OPERAND, NOT_IN_DIRECTORY, OPERAND_MISSING, message
from cpvm.cp.monitor import CLASSES, DEFAULT, MAXIMUM, MINIMUM
from cpvm.cp.operand import Operands, abbreviates, choose, decimal
from cpvm.cp.spool import SpoolError

STARTED = message("861E", "MONITOR IS STARTED ALREADY")
NOT_STARTED = message("862E", "MONITOR IS NOT STARTED")
NO_SPACE = message("427I", "SPOOL SPACE FULL; MONITOR NOT STARTED")
_SHORTEST = {"PERFORM": 4, "USER": 4, "SCHEDULE": 3, "DASTAP": 3}
SYNTAX = """\
MONitor START [SPOOL] [TO userid|*]
MONitor STOP|CLOSE
MONitor ENABLE PERForm|USER|SCHedule|DAStap ...
MONitor INTERVAL nnnnn [SEC|MIN]
MONitor LIMIT nnnnn [STOP|NOSTOP]
MONitor TIME ALL|NONE|FROM hh.mm TO hh.mm
MONitor DISPLAY"""


@command("MONITOR", module="DMKMCC", minimum=3, classes="AE", syntax=SYNTAX)
def monitor_command(request: Request, operands: Operands) -> Answer:
    """Start, stop, or say what is gathered and how often."""
    word = choose(
        operands.need(OPERAND_MISSING), "STArt", "STOP", "CLOSE", "ENable", "INTerval", "DISplay", "LIMIT", "TIME"
    )
    _ACTIONS[word](request, operands)
    operands.end()
    return 0


def _start(request: Request, operands: Operands) -> None:
    monitor = request.system.operations.monitor
    if monitor.active:
        raise STARTED.error()
    receiver = monitor.receiver
    operands.skip("SPOOL")
    if operands.skip("TO"):
        word = operands.take()
        receiver = request.vm.userid if word == "*" else request.userid(word)
        if receiver not in request.system.directory.users:
            raise NOT_IN_DIRECTORY.error(receiver)
    operands.end()
    try:
        monitor.start(receiver)
    except SpoolError:
        raise NO_SPACE.error() from None
    request.write(f"COLLECTION ACTIVE; RDR FILE {monitor.spoolid:04} TO {receiver}")


def _stop(request: Request, operands: Operands) -> None:
    operands.end()
    monitor = request.system.operations.monitor
    if not monitor.active:
        raise NOT_STARTED.error()
    spoolid = monitor.stop()
    monitor.interval = DEFAULT
    request.write(f"COLLECTION ENDED; RDR FILE {spoolid:04} TO {monitor.receiver}")


def _close(request: Request, operands: Operands) -> None:
    operands.end()
    monitor = request.system.operations.monitor
    if not monitor.active:
        raise NOT_STARTED.error()
    spoolid = monitor.close()
    request.write(f"RDR FILE {spoolid:04} TO {monitor.receiver}; NEXT FILE {monitor.spoolid:04}")


def _enable(request: Request, operands: Operands) -> None:
    chosen: set[str] = set()
    while (word := operands.take()) is not None:
        found = next((name for name, least in _SHORTEST.items() if abbreviates(word, name, least)), None)
        if found is None:
            raise INVALID_OPERAND.error(word)
        chosen.add(found)
    if not chosen:
        raise OPERAND_MISSING.error()
    request.system.operations.monitor.classes = chosen


def _interval(request: Request, operands: Operands) -> None:
    number = decimal(operands.take(), 1, MAXIMUM)
    unit = choose(operands.take() or "SEC", "SEC", "MIN")
    seconds = number * (60 if unit == "MIN" else 1)
    if not MINIMUM <= seconds <= MAXIMUM:
        raise INVALID_OPERAND.error(number)
    request.system.operations.monitor.interval = seconds


def _limit(request: Request, operands: Operands) -> None:
    monitor = request.system.operations.monitor
    number = decimal(operands.take(), 10, 99999)
    stops = choose(operands.take() or "NOSTOP", "STOP", "NOSTOP") == "STOP"
    operands.end()
    monitor.limit, monitor.limit_stops = number, stops


def _time(request: Request, operands: Operands) -> None:
    word = choose(operands.need(OPERAND_MISSING), "FROM", "ALL", "NONE")
    hours = None if word == "NONE" else (0, 0)
    if word == "FROM":
        first = _minute(operands.need(OPERAND_MISSING))
        operands.skip("TO")
        hours = first, _minute(operands.need(OPERAND_MISSING))
    operands.end()
    request.system.operations.monitor.every_day(hours)


def _minute(typed: str) -> int:
    """hh.mm or hh:mm as a minute of the day."""
    hour, _, minute = typed.replace(":", ".").partition(".")
    if not hour.isdecimal() or not minute.isdecimal() or int(hour) > 23 or int(minute) > 59:
        raise INVALID_OPERAND.error(typed)
    return int(hour) * 60 + int(minute)


def _display(request: Request, operands: Operands) -> None:
    operands.end()
    monitor = request.system.operations.monitor
    for name in CLASSES:
        request.write(f"{name:<8} {'ENABLED' if name in monitor.classes else 'DISABLED'}")
    request.write(
        f"INTERVAL {monitor.interval} SEC, LIMIT {monitor.limit} {'STOP' if monitor.limit_stops else 'NOSTOP'}"
    )
    if monitor.daily is not None:
        first, last = monitor.daily
        request.write(f"TIME FROM {first // 60:02}.{first % 60:02} TO {last // 60:02}.{last % 60:02}")
    if monitor.active:
        request.write(
            f"COLLECTION ACTIVE; RDR FILE {monitor.spoolid:04} TO {monitor.receiver}, {monitor.records} RECORDS"
        )
    else:
        request.write("COLLECTION NOT ACTIVE")


_ACTIONS: dict[str, Callable[[Request, Operands], None]] = {
    "START": _start, "STOP": _stop, "CLOSE": _close, "ENABLE": _enable, "INTERVAL": _interval, "DISPLAY": _display,
    "LIMIT": _limit, "TIME": _time,
}  # fmt: skip
