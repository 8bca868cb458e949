"""Makes machine code of the generated text, and keeps it in the user's cache.

What is in the cache is used only if it was made from the same sources by the same llvmlite for the same processor, and
if its checksum is right; anything else is made anew. This is the only module that imports llvmlite.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import struct
import sys
import tempfile
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import llvmlite  # type: ignore[import-untyped]
import llvmlite.binding as llvm  # type: ignore[import-untyped]

import cpvm.s370
from cpvm.machine import compiled, dat
from cpvm.machine.compiled.dispatch import EXPORTED
from cpvm.machine.compiled.handlers import generate
from cpvm.s370.insn import table

MAGIC: Final = b"cpvm native engine 1\n"
_HEAD: Final = struct.Struct("<32s32sI")
"""Key, checksum of what follows, number of handlers."""
ROWS: Final = 65536
DEFINITIONS: Final = ("insn", "formats", "ops", "interruption", "psw")
"""Modules of `cpvm.s370` that the code depends on, besides the instructions."""
RUNNING: Final = frozenset(("engine", "native"))
"""Modules of this package that it does not depend on."""

Run = Callable[[int], int]


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

    def address(self, name: str) -> int:
        """Host address of a function of `dispatch.EXPORTED`. Raises KeyError."""
        return self.addresses[name]


def cache_folder() -> Path:
    """Where object files are kept: CPVM_CACHE, or `cpvm` in the user's cache folder."""
    given = os.environ.get("CPVM_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cpvm"


def key() -> bytes:
    """What the code depends on, as a hash: sources of the definitions and of this compiler, llvmlite, processor."""
    digest = hashlib.sha256()
    architecture, compiler = Path(cpvm.s370.__path__[0]), Path(compiled.__path__[0])
    sources = [*(architecture / "instructions").glob("*.py"), *(architecture / f"{name}.py" for name in DEFINITIONS)]
    sources.append(Path(dat.__file__))
    sources += (path for path in compiler.glob("*.py") if path.stem not in RUNNING)
    for path in sorted(sources):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    features = llvm.get_host_cpu_features().flatten()
    about = (llvmlite.__version__, llvm.llvm_version_info, llvm.get_host_cpu_name(), features)
    digest.update(repr(about).encode())
    return digest.digest()


def _machine() -> Any:
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


def read_cache(path: Path, wanted: bytes) -> tuple[bytes, array[int], int] | None:
    """Object, handlers of the first halfwords and number of handlers; None if the file is not what it should be."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    start = len(MAGIC) + _HEAD.size
    if not data.startswith(MAGIC) or len(data) < start + 2 * ROWS:
        return None
    found, checksum, handlers = _HEAD.unpack_from(data, len(MAGIC))
    content = data[start:]
    if found != wanted or checksum != hashlib.sha256(found + handlers.to_bytes(4, "little") + content).digest():
        return None
    return content[2 * ROWS :], array("H", content[: 2 * ROWS]), handlers


def write_cache(path: Path, wanted: bytes, obj: bytes, rows: array[int], handlers: int) -> None:
    """Write the file in one step. A cache that cannot be written is no error: it is only slower the next time."""
    content = rows.tobytes() + obj
    checksum = hashlib.sha256(wanted + handlers.to_bytes(4, "little") + content).digest()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(MAGIC + _HEAD.pack(wanted, checksum, handlers) + content)
        Path(file.name).replace(path)
    except OSError:
        return


def compile_code(machine: Any) -> tuple[bytes, array[int], int]:
    """Generate and compile: object, handlers of the first halfwords, number of handlers."""
    code = generate(table())
    module = llvm.parse_assembly(code.text)
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return machine.emit_object(module), code.rows, len(code.names)


def load(cache: Path | None = None) -> Native:
    """The native engine, from the cache or newly made (which takes seconds)."""
    machine = _machine()
    wanted = key()
    path = (cache or cache_folder()) / f"native-{wanted.hex()[:16]}.bin"
    found = read_cache(path, wanted)
    cached = found is not None
    if found is None:
        found = compile_code(machine)
        write_cache(path, wanted, *found)
    obj, rows, handlers = found
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(obj))
    engine.finalize_object()
    _fill_table(engine, rows, handlers)
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)
    return Native(prototype(engine.get_function_address("run")), cached, (engine,), machine, _exported(engine))


def _exported(engine: Any) -> dict[str, int]:
    base = engine.get_global_value_address("exported")
    return dict(zip(EXPORTED, (ctypes.c_uint64 * len(EXPORTED)).from_address(base), strict=True))


def _fill_table(engine: Any, rows: array[int], handlers: int) -> None:
    """Enter the address of its handler for each first halfword, which the table has in the host's byte order."""
    known = (ctypes.c_uint64 * handlers).from_address(engine.get_global_value_address("handlers"))
    addresses = list(known)
    order = array("H", range(ROWS))
    if sys.byteorder == "little":
        order.byteswap()
    filled = array("Q", [addresses[rows[halfword]] for halfword in order])
    ctypes.memmove(engine.get_global_value_address("table"), filled.buffer_info()[0], 8 * ROWS)
