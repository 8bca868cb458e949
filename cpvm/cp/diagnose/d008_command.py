"""DIAGNOSE X'08': execute CP commands (DMKHVC, DMKCFM)."""

from __future__ import annotations

from cpvm.cp.command import CommandRun, own
from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.session import harmless
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

_TO_BUFFER = 0x40000000  # of Ry: the response goes to storage
_LENGTH = 0x00FFFFFF
MAX_COMMAND = 240
MAX_BUFFER = 8192


@diagnose(0x08)
def execute_command(call: DiagnoseCall) -> None:
    """Rx: address of the command line, Ry: flags and length. Lines are separated by X'15'.

    Ry gets the return code. With X'40' in Ry's first byte the response goes to the buffer at Rx+1 of length Ry+1:
    condition code 0 and its length in Ry+1, or 1 and the number of bytes that did not fit; SET IMSG OFF and EMSG OFF
    and CODE do not matter then. Length 0 enters CP READ. X'80' asks that passwords in the line be refused, where
    they must not be typed in it; here they may.
    """
    length = call.y & _LENGTH
    call.specification(length > MAX_COMMAND)
    if length == 0:
        call.set_y(0)
        call.vm.defer(call.vm.enter_cp, own=True)
        return
    to_buffer = bool(call.y & _TO_BUFFER)
    size = 0
    if to_buffer:
        call.specification(15 in (call.rx, call.ry) or abs(call.rx - call.ry) == 1)
        size = call.machine.gr[call.ry + 1]
        call.specification(not 0 < size <= MAX_BUFFER)
        call.read(call.machine.gr[call.rx + 1], size)
    lines = [from_ebcdic(line) for line in call.read(call.x, length).split(b"\x15")]
    commands = [line for line in lines if line.strip()]
    vm, generation = call.vm, call.vm.generation
    response = _Response(size)

    def done(code: int) -> None:
        if vm.generation == generation and not vm.logged_off:  # else the command has reset the machine
            call.set_y(code)
            if to_buffer:
                _store(call, response)
        vm.console.function_ended()

    def run() -> None:
        output = response.line if to_buffer else vm.console.write_cp
        vm.function = CommandRun(vm.system, commands, vm=vm, output=output, done=done, quiet=True, captured=to_buffer)
        vm.function.start()

    vm.defer(run, own=all(map(own, commands)))


class _Response:
    """What the commands answer, as far as the buffer of SIZE bytes has room for it; the rest is only counted."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.data = bytearray()
        self.length = 0

    def line(self, text: str) -> None:
        """One more line."""
        line = to_ebcdic(harmless(text)) + b"\x15"  # what others have named must not look like further lines
        self.data += line[: self.size - len(self.data)]
        self.length += len(line)


def _store(call: DiagnoseCall, response: _Response) -> None:
    call.machine.storage.write(call.machine.gr[call.rx + 1] & _LENGTH, response.data)
    left = response.length - response.size
    call.machine.gr[call.ry + 1] = response.length if left <= 0 else left
    call.set_cc(0 if left <= 0 else 1)
