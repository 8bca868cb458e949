"""Makes machine code of the generated text, and keeps it in the user's cache.

What is in the cache is used only if it was made from the same sources by the same llvmlite for the same processor, and
if its checksum is right; anything else is made anew. This is the only module that imports llvmlite.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import stat
import struct
import sys
import tempfile
from array import array
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import llvmlite  # type: ignore[import-untyped]
import llvmlite.binding as llvm  # type: ignore[import-untyped]

import cpvm.s370
from cpvm.machine import compiled, dat, quick
from cpvm.machine.compiled.dispatch import EXPORTED
from cpvm.s370.insn import table

MAGIC: Final = b"cpvm native engine 2\n"
_HEAD: Final = struct.Struct("<32s32sI")
"""Key, checksum of what follows, number of handlers."""
ROWS: Final = 65536
DEFINITIONS: Final = ("insn", "formats", "ops", "interruption", "psw")
"""Modules of `cpvm.s370` that the code depends on, besides the instructions."""
RUNNING: Final = frozenset(
    ("elsewhere", "engine", "footprint", "hot", "links", "native", "record", "shelf", "translated", "writing")
)
"""Modules of this package that it does not depend on."""

Run = Callable[[int], int]
Code = tuple[bytes, "array[int]", int]
"""Objects, each with its head, handlers of the first halfwords, number of handlers."""


@dataclass
class Native:
    """The native engine, loaded: shared by all machines of the process."""

    run: Run
    """Takes the host address of a state block; gives the reason why it came back."""
    cached: bool
    """It came from the cache."""
    keep: tuple[object, ...]
    """What owns the code."""
    machine: Any
    """The llvmlite target machine, for others who make code for this processor; one thread at a time may use it."""
    addresses: Mapping[str, int]
    """Host addresses of the functions named in `dispatch.EXPORTED`."""
    trouble: str = ""
    """Why it could not be kept in the cache; empty if it was, or came from there."""

    @cached_property
    def resume(self) -> Callable[[int, int], int]:
        """Goes on with a channel program: takes the host addresses of a state block and of a slot in it."""
        made: Callable[[int, int], int] = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)(
            self.addresses["io_start"]
        )
        return made

    def address(self, name: str) -> int:
        """Host address of a function of `dispatch.EXPORTED`. Raises KeyError."""
        return self.addresses[name]


def cache_folder() -> Path:
    """Where object files are kept: CPVM_CACHE, or `cpvm` in the user's cache folder."""
    given = os.environ.get("CPVM_CACHE")
    if given:
        return Path(given)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cpvm"
    except RuntimeError:  # a user without a home
        return Path(os.devnull, "cpvm")


def key() -> bytes:
    """What the code depends on, as a hash: sources of the definitions and of this compiler, llvmlite, processor."""
    digest = hashlib.sha256()
    architecture, compiler = Path(cpvm.s370.__path__[0]), Path(compiled.__path__[0])
    sources = [*(architecture / "instructions").glob("*.py"), *(architecture / f"{name}.py" for name in DEFINITIONS)]
    sources += [Path(dat.__file__), *(path for path in Path(quick.__path__[0]).glob("*.py") if path.stem != "lease")]
    sources += (path for path in compiler.glob("*.py") if path.stem not in RUNNING)
    for path in sorted(sources):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    features = llvm.get_host_cpu_features().flatten()
    about = (llvmlite.__version__, llvm.llvm_version_info, llvm.get_host_cpu_name(), features)
    digest.update(repr(about).encode())
    return digest.digest()


def target_machine() -> Any:
    """The llvmlite target machine for this processor."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=2,
        codemodel="small",
        reloc="pic",
        jit=True,
    )


def read_cache(path: Path, wanted: bytes) -> Code | None:
    """What the file has; None if it is not what it should be, or if somebody else may have written it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            return unpack(file.read(), wanted) if _own(os.fstat(descriptor)) else None
    except OSError:
        return None


def _own(about: os.stat_result) -> bool:
    """Whether a file is a regular one that only this user, or the superuser, can write."""
    if not stat.S_ISREG(about.st_mode):
        return False
    return os.name != "posix" or (about.st_uid in (0, os.geteuid()) and not about.st_mode & 0o022)


def unpack(data: bytes, wanted: bytes) -> Code | None:
    """What `pack` has put together; None if it is anything else, or made of something else."""
    start = len(MAGIC) + _HEAD.size
    if not data.startswith(MAGIC) or len(data) < start + 2 * ROWS:
        return None
    found, checksum, handlers = _HEAD.unpack_from(data, len(MAGIC))
    content = data[start:]
    if found != wanted or checksum != hashlib.sha256(found + handlers.to_bytes(4, "little") + content).digest():
        return None
    return content[2 * ROWS :], array("H", content[: 2 * ROWS]), handlers


def pack(wanted: bytes, obj: bytes, rows: array[int], handlers: int) -> bytes:
    """The contents of a file of the cache."""
    content = rows.tobytes() + obj
    checksum = hashlib.sha256(wanted + handlers.to_bytes(4, "little") + content).digest()
    return MAGIC + _HEAD.pack(wanted, checksum, handlers) + content


def write_cache(path: Path, wanted: bytes, obj: bytes, rows: array[int], handlers: int) -> str:
    """Write the file in one step; gives why it could not be, which is no error: it is only slower the next time."""
    new = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            new = Path(file.name)
            file.write(pack(wanted, obj, rows, handlers))
        new.replace(path)
    except OSError as error:
        if new is not None:
            with suppress(OSError):
                new.unlink()
        return f"{path.parent}: {error.strerror or error}"
    return ""


_PART: Final = struct.Struct("<II")
"""In front of each object: its length, number of handlers in it."""


def compile_code(machine: Any, apart: bool = False) -> Code:
    """Generate and compile; apart: one part of it in a child process, which this one must have no other threads for."""
    from cpvm.machine.compiled.handlers import generate  # not loaded if the code is in the cache

    code = generate(table())
    objects = _in_two_processes(machine, code.texts) if apart else [_object(machine, text) for text in code.texts]
    counts = [len(names) for names in code.names]
    parts = b"".join(_PART.pack(len(obj), n) + obj for obj, n in zip(objects, counts, strict=True))
    return parts, code.rows, sum(counts)


def _object(machine: Any, text: str) -> bytes:
    module = llvm.parse_assembly(text)
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    found: bytes = machine.emit_object(module)
    return found


def _in_two_processes(machine: Any, texts: list[str]) -> list[bytes]:
    """Compile the last one in a child process, if there can be one and it gets to its end."""
    try:
        ours, theirs = os.pipe()
        child = os.fork()
    except (OSError, AttributeError):
        return [_object(machine, text) for text in texts]
    if child == 0:
        status = 1
        try:
            with open(theirs, "wb") as file:
                file.write(_object(machine, texts[-1]))
            status = 0
        finally:
            os._exit(status)
    os.close(theirs)
    with open(ours, "rb") as file:
        objects = [_object(machine, text) for text in texts[:-1]]
        last = file.read()
    good = os.waitpid(child, 0)[1] == 0
    return [*objects, last if good else _object(machine, texts[-1])]


def _parts(packed: bytes) -> list[tuple[bytes, int]]:
    """The objects, and how many handlers each has."""
    found: list[tuple[bytes, int]] = []
    at = 0
    while at < len(packed):
        length, handlers = _PART.unpack_from(packed, at)
        at += _PART.size + length
        found.append((packed[at - length : at], handlers))
    return found


def load(cache: Path | None = None, make: Callable[[Path, bytes], Code | None] | None = None) -> Native:
    """The native engine, from the cache or newly made (which takes seconds).

    Args:
        cache: folder of the cache, that of the user if None.
        make: is asked first for what is not in the cache, with path and key; it is compiled here if it gives None.
    """
    machine = target_machine()
    wanted = key()
    path = (cache or cache_folder()) / f"native-{wanted.hex()[:16]}.bin"
    found = read_cache(path, wanted)
    cached = found is not None
    trouble = ""
    if found is None:
        found = (make(path, wanted) if make else None) or compile_code(machine)
        trouble = write_cache(path, wanted, *found)
    parts = _parts(found[0])
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    for obj, _ in parts:
        engine.add_object_file(llvm.ObjectFileRef.from_data(obj))
    engine.finalize_object()
    _fill_tables(engine, found[1], [handlers for _, handlers in parts])
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)
    run = prototype(engine.get_function_address("run0"))
    return Native(run, cached, (engine,), machine, _exported(engine), trouble)


def _exported(engine: Any) -> dict[str, int]:
    base = engine.get_global_value_address("exported0")
    return dict(zip(EXPORTED, (ctypes.c_uint64 * len(EXPORTED)).from_address(base), strict=True))


def _fill_tables(engine: Any, rows: array[int], handlers: list[int]) -> None:
    """Enter the address of its handler for each first halfword, which the tables have in the host's byte order."""
    addresses: list[int] = []
    for number, count in enumerate(handlers):
        addresses += (ctypes.c_uint64 * count).from_address(engine.get_global_value_address(f"handlers{number}"))
    order = array("H", range(ROWS))
    if sys.byteorder == "little":
        order.byteswap()
    filled = array("Q", [addresses[rows[halfword]] for halfword in order])
    for number in range(len(handlers)):
        ctypes.memmove(engine.get_global_value_address(f"table{number}"), filled.buffer_info()[0], 8 * ROWS)
