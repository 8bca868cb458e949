"""SPOOL: how a virtual reader, punch, printer or console is spooled (DMKCSP)."""

from __future__ import annotations

from dataclasses import replace

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import CONFLICTING_OPTION, NOT_IN_DIRECTORY
from cpvm.cp.operand import Operands, abbreviates, choose, decimal
from cpvm.cp.spoolword import devices, form_name, special_users, spool_class
from cpvm.cp.vdevblok import SpoolOptions
from cpvm.cp.vspool import Output, UnitRecord
from cpvm.machine.cardreader import CardReader

SYNTAX = """\
SPool Reader|vaddr [CLass c|*] [CONt|NOCont] [HOld|NOHold] [EOF|NOEof]
SPool Printer|PUnch|vaddr [CLass c] [CONt|NOCont] [HOld|NOHold] [COpy nn] [DIst code] [KEEP|NOKeep] [FOrm name] \
[OFF|[To] userid|*|SYSTEM|For userid|*] [CLOSE|PURGE]
SPool CONsole|vaddr [STArt|STOp] [TErm|NOTerm] and the options of a printer"""
_COMMON = ("CLass", "CONt", "NOCont", "HOld", "NOHold")
_READER = (*_COMMON, "EOF", "NOEof")
_OUTPUT = (*_COMMON, "COpy", "OFF", "To", "For", "CLOSE", "PURGE", "DIst", "KEEP", "NOKeep", "FOrm")
_CONSOLE = (*_OUTPUT, "STArt", "STOp", "TErm", "NOTerm")
MAX_COPIES = 99


@command("SPOOL", module="DMKCSP", minimum=2, classes="G", syntax=SYNTAX, own=True)
def spool(request: Request, operands: Operands) -> Answer:
    """Change the options; nothing is changed if one of them is wrong."""
    blocks = devices(request.vm, operands.need())
    kind = blocks[0].kind
    words = _READER if kind == "RDR" else _CONSOLE if kind == "CONS" else _OUTPUT
    actions: list[str] = []
    options = replace(blocks[0].options)
    changed: set[str] = set()
    while (word := operands.take()) is not None:
        if kind != "RDR" and _is_receiver(request, word, words):
            _receiver(request, word, "TO", options)
            changed.update(("to", "for_user"))
            continue
        name = choose(word, *words)
        _option(request, operands, name, kind=kind, options=options, changed=changed, actions=actions)
    for block in blocks:
        block.options = replace(block.options, **{name: getattr(options, name) for name in changed})
        device = request.vm.machine.device(block.vaddr)
        if "eof" in changed and isinstance(device, CardReader):
            device.end_of_file = options.eof
        for action in actions:
            _act(request, block, action)
    return 0


def _is_receiver(request: Request, word: str, words: tuple[str, ...]) -> bool:
    """True for a userid without TO in front."""
    if word in ("*", "SYSTEM"):
        return True
    if any(abbreviates(word, name.upper(), sum(not letter.islower() for letter in name)) for name in words):
        return False
    return _exists(request, request.meant(word))


def _exists(request: Request, userid: str) -> bool:
    return userid in request.system.directory.users or userid in special_users(request)


def _option(
    request: Request,
    operands: Operands,
    name: str,
    *,
    kind: str,
    options: SpoolOptions,
    changed: set[str],
    actions: list[str],
) -> None:
    """One option with its operand."""
    match name:
        case "CLASS":
            any_class = kind == "RDR" and operands.peek() == "*"
            options.spool_class = str(operands.take()) if any_class else spool_class(operands.take())
            changed.add("spool_class")
        case "CONT" | "NOCONT":
            options.cont = name == "CONT"
            changed.add("cont")
        case "HOLD" | "NOHOLD":
            options.hold = name == "HOLD"
            changed.add("hold")
        case "EOF" | "NOEOF":
            options.eof = name == "EOF"
            changed.add("eof")
        case "KEEP" | "NOKEEP":
            options.keep = name == "KEEP"
            changed.add("keep")
        case "FORM":
            options.form = form_name(operands.take())
            changed.add("form")
        case "COPY":
            operands.skip("*")
            options.copies = decimal(operands.take(), 1, MAX_COPIES)
            changed.add("copies")
        case "DIST":
            options.dist = operands.need()[:8]
            changed.add("dist")
        case "OFF":
            options.to = options.for_user = ""
            changed.update(("to", "for_user"))
        case "TO" | "FOR":
            _receiver(request, operands.need(), name, options)
            changed.update(("to", "for_user"))
        case _:
            if {name, *actions} >= {"CLOSE", "PURGE"}:
                raise CONFLICTING_OPTION.error(name)
            actions.append(name)


def _receiver(request: Request, word: str, how: str, options: SpoolOptions) -> None:
    options.to = options.for_user = ""
    if word == "SYSTEM":
        return
    user = request.vm.userid if word == "*" else request.meant(word)
    if not _exists(request, user):
        raise NOT_IN_DIRECTORY.error(user)
    if how == "TO":
        options.to = user
    elif user != request.vm.userid:
        options.for_user = user


def _act(request: Request, block: UnitRecord, action: str) -> None:
    console = request.vm.console
    match action:
        case "CLOSE" if isinstance(block, Output):
            block.close(even_cont=True)
        case "PURGE" if isinstance(block, Output):
            block.discard()
        case "START" | "STOP":
            console.spooling = action == "START"
        case "TERM" | "NOTERM":
            console.terminal_output = action == "TERM"
