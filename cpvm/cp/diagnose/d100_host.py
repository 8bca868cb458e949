"""DIAGNOSE X'100': talk to a host half, a program outside of the machine.

Rx: address of a block of 32 bytes on a fullword:
    +0 CL8 program   +8 H function: 0 start, 1 reply, 2 cancel   +12 A data of the reply   +16 F its length
    +20 A request buffer   +24 F its size   +28 F length of the request (stored)
Condition code 0: a request is in the buffer. 1: no such program. 2: the buffer is too small, the length needed is at
+28, and a reply of length -1 fetches the same request again. 3: no conversation, or the program failed.
The machine waits while the host half works; CP does not.
"""

from __future__ import annotations

import struct
from typing import Any

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.halfpool import RemoteHalf
from cpvm.cp.hosthalf import Conversation
from cpvm.s370.ebcdic import from_ebcdic

START, REPLY, CANCEL = 0, 1, 2
_BLOCK = struct.Struct(">8sHHIiIii")
_LENGTH_AT = 28
_AGAIN = -1
_EXIT = b"\0\0"  # operation 0 ends the conversation
MAX_BYTES = 16 * 1024 * 1024


@diagnose(0x100)
def host_half(call: DiagnoseCall) -> None:
    """Start a conversation, go on with it, or give it up."""
    call.specification(bool(call.x & 3))
    block = call.x & 0xFFFFFF
    raw_name, function, _, data_at, length, _, _, _ = _BLOCK.unpack(call.read(block, _BLOCK.size))
    call.specification(function not in (START, REPLY, CANCEL))
    vm = call.vm
    if function == CANCEL:
        call.set_cc(0 if vm.conversation is not None else 3)
        vm.end_conversation()
        return
    if function == START:
        name = from_ebcdic(raw_name).strip()
        factory = vm.system.host_halves.get(name)
        if factory is None:
            call.set_cc(1)
            return
        call.specification(length < 0)
        vm.end_conversation()
        vm.conversation = Conversation(name, factory())
    conversation = vm.conversation
    if conversation is None:
        call.set_cc(3)
        return
    if function == REPLY and length == _AGAIN:
        _deliver(call, block, conversation)
        return
    call.specification(not 0 <= length <= MAX_BYTES)
    data = call.read(data_at, length)
    vm.defer(lambda: _work(call, block, conversation, data), own=True)


def _work(call: DiagnoseCall, block: int, conversation: Conversation, data: bytes) -> None:
    """Have the host half take its step on another thread; the machine waits."""
    vm, generation = call.vm, call.vm.generation
    vm.hold()

    def done(request: Any, error: Exception | None) -> None:
        half = conversation.half
        used = half.take_used() if isinstance(half, RemoteHalf) else 0
        if vm.logged_off or vm.generation != generation:
            return
        if vm.conversation is conversation:
            if error is not None or not isinstance(request, bytes):
                failure = error or TypeError("a host half must return bytes")
                vm.system.log.failure(f"HOST HALF {conversation.name} OF {vm.userid}", failure)
                vm.end_conversation()
                call.set_cc(3)
            else:
                conversation.request = request
                _deliver(call, block, conversation)
        vm.usage.overhead_ns += used
        wait = vm.system.scheduler.charge(vm, used)
        if wait:
            vm.rest(wait)
        vm.release()

    vm.system.offload(lambda: conversation.half.step(data), done, lengthy=True)


def _deliver(call: DiagnoseCall, block: int, conversation: Conversation) -> None:
    """Put the request into the guest's buffer, or tell how long it is."""
    storage, request = call.machine.storage, conversation.request
    *_, buffer_at, size, _ = _BLOCK.unpack(storage.read(block, _BLOCK.size))
    buffer_at &= 0xFFFFFF
    storage.write(block + _LENGTH_AT, len(request).to_bytes(4, "big"))
    if len(request) > size:
        call.set_cc(2)
    elif buffer_at + len(request) > storage.size:
        call.set_cc(3)
    else:
        storage.write(buffer_at, request)
        call.set_cc(0)
        if request[:2] == _EXIT:
            call.vm.conversation = None
