"""SET for operators (DMKCFS): PRIORITY FAVORED SHARE RESERVE AFFINITY SASSIST CPASSIST JOURNAL RECORD MODE DUMP..."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.message import INVALID_OPERAND, INVALID_OPTION, NOT_LOGGED_ON
from cpvm.cp.operand import Operands, choose, decimal, on_off
from cpvm.cp.share import NOTHING_SET, share
from cpvm.cp.vmblok import VMBLOK


def _user(request: Request, operands: Operands) -> VMBLOK:
    name = request.userid(operands.take())
    vm = request.system.users.get(name)
    if vm is None:
        raise NOT_LOGGED_ON.error(name)
    return vm


@setting("PRIORITY", minimum=4, classes="AC")
def set_priority(request: Request, operands: Operands) -> Answer:
    """SET PRIORITY userid nn: 0 is the best, 99 the worst; nothing said is 64."""
    vm = _user(request, operands)
    priority = decimal(operands.take(), 0, 99)
    operands.end()
    request.system.scheduler.set_priority(vm, priority)
    return 0


@setting("FAVORED", minimum=3, classes="AC")
def set_favored(request: Request, operands: Operands) -> Answer:
    """SET FAVORED userid [nn|OFF]: a share of a processor, or always queue 1."""
    vm = _user(request, operands)
    word = operands.take()
    operands.end()
    if word == "OFF":
        share: int | None = None
    else:
        share = 0 if word is None else decimal(word.removesuffix("%"), 1, 99)
    request.system.scheduler.favor(vm, share)
    return 0


@setting("SHARE", minimum=5, classes="A")
def set_share(request: Request, operands: Operands) -> Answer:
    """SET SHARE userid INITial | [ABSolute nnn%|RELative nnnnn] [[ABS|REL] maximum] [NOLimit|LIMITSoft|LIMITHard]."""
    vm = _user(request, operands)
    if operands.skip("INITIAL", 4):
        operands.end()
        entry = request.system.directory.users.get(vm.userid)
        chosen = entry.share if entry is not None else NOTHING_SET
    else:
        chosen = share(operands, vm.share)
    request.system.scheduler.set_share(vm, chosen)
    return 0


@setting("RESERVE", minimum=3, classes="AC")
def set_reserve(request: Request, operands: Operands) -> Answer:
    """SET RESERVE userid nnn|OFF: pages. Kept for QUERY; the host's storage is not CP's to reserve."""
    vm = _user(request, operands)
    word = operands.need()
    operands.end()
    table = request.system.operations.reserved
    if word == "OFF":
        table.pop(vm.userid, None)
    else:
        table[vm.userid] = decimal(word, 1, vm.storage // 4096)
    return 0


@setting("AFFINITY", minimum=4, classes="AG")
def set_affinity(request: Request, operands: Operands) -> Answer:
    """SET AFFINITY ON|OFF for oneself; class A: SET AFFINITY userid nn|OFF. A wish: any processor runs any machine."""
    word = operands.need()
    table = request.system.operations.affinity
    if word in ("ON", "OFF") and operands.peek() is None:
        if word == "ON":
            table[request.vm.userid] = max(request.vm.entry.affinity, 0)
        else:
            table.pop(request.vm.userid, None)
        return 0
    if not request.allowed("A"):
        raise INVALID_OPERAND.error(word)
    name = request.userid(word)
    if name not in request.system.users:
        raise NOT_LOGGED_ON.error(name)
    number = operands.need()
    operands.end()
    if number == "OFF":
        table.pop(name, None)
    else:
        table[name] = decimal(number, 0, max(len(request.system.processors.threads) - 1, 0))
    return 0


def _switch(name: str, attribute: str, minimum: int, classes: str) -> None:
    @setting(name, minimum=minimum, classes=classes)
    def switch(request: Request, operands: Operands) -> Answer:
        """SET name ON|OFF."""
        value = on_off(operands.need())
        word = operands.take()
        if word is not None and (word != "PROC" or operands.take() is None):
            raise INVALID_OPERAND.error(word)
        operands.end()
        setattr(request.system.operations.switches, attribute, value)
        return 0


_switch("SASSIST", "sassist", 4, "AC")
_switch("CPASSIST", "cpassist", 4, "AC")


@setting("JOURNAL", minimum=4, classes="AC")
def set_journal(request: Request, operands: Operands) -> Answer:
    """SET JOURNAL [LOGON|LINK] ON|OFF: whether wrong passwords, and links by passwords, become accounting records."""
    journaling = request.system.operations.journaling
    if not journaling.rules.set_and_query:
        raise INVALID_OPTION.error("JOURNAL")
    word = choose(operands.need(), "LOGon", "LINk", "ON", "OFf")
    value = on_off(operands.need()) if word in ("LOGON", "LINK") else word == "ON"
    operands.end()
    if word != "LINK":
        journaling.logon = value
    if word != "LOGON":
        journaling.link = value
    return 0


@setting("RECORD", minimum=3, classes="F")
def set_record(request: Request, operands: Operands) -> Answer:
    """SET RECORD ON|OFF, SET RECORD LIMIT nn raddr: whether errors of devices are told to the operator."""
    word = choose(operands.need(), "ON", "OFf", "LIMIT")
    switches = request.system.operations.switches
    if word == "LIMIT":
        number = decimal(operands.take(), 0, 255)
        real = request.system.real.find(operands.take())
        switches.limits[real.raddr] = number
    else:
        switches.record = word == "ON"
        operands.take()
    operands.end()
    return 0


@setting("MODE", minimum=4, classes="F")
def set_mode(request: Request, operands: Operands) -> Answer:
    """SET MODE RETRY|MAIN QUIET|RECORD: what is recorded of errors that were corrected; the host corrects them."""
    kind = choose(operands.need(), "RETRY", "MAIN")
    value = choose(operands.need(), "QUIET", "RECORD") == "RECORD"
    operands.end()
    switches = request.system.operations.switches
    if kind == "MAIN":
        switches.mode_main = value
    else:
        switches.mode_retry = value
    return 0


@setting("DUMP", minimum=4, classes="B")
def set_dump(request: Request, operands: Operands) -> Answer:
    """SET DUMP AUTO|raddr [CP|ALL]: where a dump of CP goes; AUTO is the operator's log."""
    word = operands.need()
    switches = request.system.operations.switches
    unit = "AUTO" if word == "AUTO" else f"{request.system.real.find(word).raddr:03X}"
    switches.dump_all = choose(operands.take() or "CP", "CP", "ALL") == "ALL"
    operands.end()
    switches.dump = unit
    return 0


@setting("MAXIMUM", minimum=3, classes="A")
def set_maximum(request: Request, operands: Operands) -> Answer:
    """SET MAXIMUM nnn|OFF: how many users may be logged on; those who are, stay."""
    word = operands.need()
    operands.end()
    request.system.operations.switches.maximum = None if word == "OFF" else decimal(word, 1, 99999)
    return 0
