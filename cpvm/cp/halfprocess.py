"""The process in which a host half works: a program of its own, with bounds on its storage and processor time.

CP writes what the half is to do to the standard input, and reads what became of it from the standard output, both in
frames: four bytes of length, and the bytes. A step of CP's is three frames: where the half is (the module that defines
it), its state (JSON; nothing if this process did the step before, too), the guest's reply. The answer is four: `+`, or
`-` if the half failed, the processor time used (nanoseconds, decimal), the state, the request; of a failure the state
is nothing and the request is a text.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import queue
import struct
import sys
import threading
import time
import traceback
from typing import Any, BinaryIO, Final

MOST_STORAGE: Final = 1024 * 1024 * 1024
"""Bytes of address space of the process; a half that wants more fails."""
MOST_STATE: Final = 64 * 1024 * 1024
"""Bytes of a state, which CP keeps between two steps; a half whose state is larger fails."""
MOST_SECONDS: Final = 300
"""Seconds of processor time for one step; a half that needs more is ended."""
NICE: Final = 5
"""How far halves go behind the system itself on the host's processors."""
LENGTH: Final = struct.Struct(">I")
METHODS: Final = ("step", "save", "load")
DONE, FAILED = b"+", b"-"


class HostHalfError(Exception):
    """A module does not define exactly one host half."""


def host_half(module: str) -> Any:
    """The one class of a MODULE that has the methods of a host half. Raises HostHalfError, ImportError."""
    found = importlib.import_module(module)
    classes = [cls for _, cls in inspect.getmembers(found, inspect.isclass) if cls.__module__ == found.__name__]
    halves = [cls for cls in classes if all(hasattr(cls, method) for method in METHODS)]
    if len(halves) != 1:
        raise HostHalfError(f"{module} has {len(halves)} classes with the methods step, save and load")
    return halves[0]


def read_frame(file: BinaryIO) -> bytes:
    """The next frame. Raises EOFError."""
    head = _exactly(file, LENGTH.size)
    return _exactly(file, LENGTH.unpack(head)[0])


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise EOFError
    return data


def write_frames(file: BinaryIO, *frames: bytes) -> None:
    """Write frames. Raises OSError."""
    for frame in frames:
        file.write(LENGTH.pack(len(frame)))
        file.write(frame)
    file.flush()


def _bound() -> None:
    """Take the bounds on, as far as the host has such."""
    try:
        import resource
    except ImportError:
        return
    bounds = [("RLIMIT_AS", MOST_STORAGE), ("RLIMIT_CORE", 0), ("RLIMIT_FSIZE", 0)]
    for name, value in bounds:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICE)


def _more_time() -> None:
    """So many seconds from now on."""
    with contextlib.suppress(ImportError, OSError, ValueError, AttributeError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + MOST_SECONDS, hard))


def _step(half: Any, module: bytes, state: bytes, reply: bytes) -> tuple[Any, bytes, bytes]:
    """Do a step; the half, its state and its request."""
    if state or half is None:
        half = host_half(module.decode())()
        if state:
            half.load(json.loads(state))
    request = half.step(reply)
    if not isinstance(request, bytes):
        raise TypeError("a host half must return bytes")
    kept = json.dumps(half.save()).encode()
    if len(kept) + len(request) > MOST_STATE:
        raise MemoryError(f"the state of the conversation is larger than {MOST_STATE} bytes")
    return half, kept, request


def _receive(steps: queue.SimpleQueue[tuple[bytes, bytes, bytes, bytes]], file: BinaryIO) -> None:
    """Take what CP sends; when CP has gone, this process goes, in the middle of a step if need be."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            steps.put((read_frame(file), read_frame(file), read_frame(file), read_frame(file)))
    os._exit(0)


def main() -> None:
    """Do steps until CP has gone."""
    _bound()
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    sys.stdin.close()
    os.dup2(2, 1)  # what a half prints is no frame
    steps: queue.SimpleQueue[tuple[bytes, bytes, bytes, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(steps, incoming), daemon=True).start()
    half: Any = None
    while True:
        module, new, state, reply = steps.get()
        if new:
            half = None
        _more_time()
        began = time.thread_time_ns()
        try:
            half, kept, request = _step(half, module, state, reply)
            status = DONE
        except Exception as error:
            half, kept, status = None, b"", FAILED
            request = "".join(traceback.format_exception(error)).encode("utf-8", "replace")
        used = str(time.thread_time_ns() - began).encode()
        with contextlib.suppress(OSError):
            write_frames(outgoing, status, used, kept, request)
