"""Makes native code of a recorded region."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]

from cpvm.machine.compiled.regions.function import NAME, generate
from cpvm.machine.compiled.regions.plan import Plan, Translation, Untranslatable

if TYPE_CHECKING:
    from cpvm.machine.compiled.build import Native

_lock = threading.Lock()
"""One translation at a time: they share a target machine."""


def _new_machine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=1,
        codemodel="small",
        reloc="pic",
        jit=True,
    )


@cache
def _machine() -> Any:
    return _new_machine()


def _optimised(text: str) -> Any:
    machine = _machine()
    module = llvm.parse_assembly(text)
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module


def assembly(plan: Plan, native: Native) -> str:
    """The code of a translation in the host's assembly language, to be looked at."""
    with _lock:
        text: str = _machine().emit_assembly(_optimised(generate(plan, native.address).module()))
    return text


def translate(plan: Plan, native: Native) -> Translation:
    """Translate a region. May be called by any thread. Raises Untranslatable if nothing in it is worth it."""
    function = generate(plan, native.address)
    if not function.entries:
        raise Untranslatable("; ".join(function.left_out.values()) or "no instruction that could be native")
    with _lock:
        obj = _machine().emit_object(_optimised(function.module()))
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _new_machine())  # which it will own
        engine.add_object_file(llvm.ObjectFileRef.from_data(obj))
        engine.finalize_object()
    return Translation(plan, function.text, function.entries, engine.get_function_address(NAME), len(obj), engine)
