"""What the networking userid answers to SMSG (DMTCMX): QUERY, START, DRAIN, MSG.

SMSG NET QUERY [link]            links and their state; the files that wait for one
SMSG NET START link, DRAIN link  classes A, B, D
SMSG NET MSG node userid text    a line for a user of another node
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cpvm.cp.command import Request
from cpvm.cp.message import message
from cpvm.cp.network.connection import Message
from cpvm.cp.network.destination import read_tag
from cpvm.cp.network.link import LinkState
from cpvm.cp.network.service import Network
from cpvm.cp.operand import Operands, abbreviates

_OPERATORS: Final = "ABD"
INVALID_COMMAND = message("DMTCMX201E", "INVALID COMMAND {}")
NO_SUCH_LINK = message("DMTCMX202E", "INVALID LINK {}")
INVALID_KEYWORD = message("DMTCMX204E", "INVALID KEYWORD {}")
NOT_ALLOWED = message("DMTCMX205E", "{} IS NOT FOR YOUR PRIVILEGE CLASS")
NOT_SENT = message("DMTCMX303E", "NODE {} NOT CONNECTED; MESSAGE NOT SENT")
TEXT_MISSING = message("DMTCMX203E", "{} MISSING")


def execute(request: Request, text: str) -> int:
    """Carry out what a user has sent. Raises CPError."""
    operands, network = Operands(text), request.system.network
    word = operands.need()
    if abbreviates(word, "QUERY", 1):
        for line in _query(request, network, operands):
            request.write(line)
    elif abbreviates(word, "MSG", 1):
        _message(request, network, operands)
    elif abbreviates(word, "START", 3) or abbreviates(word, "DRAIN", 2):
        if not request.allowed(_OPERATORS):
            raise NOT_ALLOWED.error(word)
        _switch(request, _link(network, operands), on=abbreviates(word, "START", 3))
    else:
        raise INVALID_COMMAND.error(word)
    return 0


def _query(request: Request, network: Network, operands: Operands) -> Iterator[str]:
    if operands.peek() is None:
        yield f"NODE {network.node}, {len(network.links)} LINKS"
        for state in network.links.values():
            waiting = sum(1 for _ in _files(request, network, state))
            yield f"LINK {state.node:<8} {state.status:<8} {waiting:04} FILES"
        return
    state = _link(network, operands)
    if operands.peek() is not None:
        raise INVALID_KEYWORD.error(operands.peek())
    yield f"LINK {state.node:<8} {state.status}"
    yield from _files(request, network, state)


def _files(request: Request, network: Network, state: LinkState) -> Iterator[str]:
    for file in request.system.spool.files("RDR", network.userid):
        destination = read_tag(file.tag)
        if destination is not None and network.route(destination.node) is state:
            held = " HELD" if file.held else " SENDING" if network.sending(file.spoolid) else ""
            yield (
                f"FILE {file.spoolid:04} {destination.node:<8} {destination.userid:<8}"
                f" PR {destination.priority:02} RECDS {file.records:06}{held}"
            )


def _message(request: Request, network: Network, operands: Operands) -> None:
    node, userid = operands.take(), operands.take()
    text = operands.take_rest()
    for value, what in ((node, "NODE"), (userid, "USERID"), (text, "TEXT")):
        if not value:
            raise TEXT_MISSING.error(what)
    line = Message(str(node), str(userid), network.node, request.vm.userid, text)
    if not network.send(line):
        raise NOT_SENT.error(node)


def _switch(request: Request, state: LinkState, *, on: bool) -> None:
    if on:
        state.open()
    else:
        state.stop()
    request.write(f"LINK {state.node} {'STARTED' if on else 'DRAINED'}")


def _link(network: Network, operands: Operands) -> LinkState:
    word = operands.need()
    state = network.links.get(word)
    if state is None:
        raise NO_SUCH_LINK.error(word)
    return state
