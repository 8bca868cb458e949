"""Which engine a machine gets, and what is told when it is not the one that is hoped for."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cpvm.machine import Machine, StopReason, engines
from cpvm.machine.engines import AUTO, COMPILED, MISSING, REFERENCE, TRANSLATED, EngineError
from cpvm.s370.psw import PSW

SIZE = 1 << 16
needs_llvmlite = pytest.mark.skipif(not engines.available(), reason="there is no llvmlite")


def looping(engine: str = AUTO) -> Machine:
    """AR 1,2; BCT 3,*-2; a disabled wait."""
    machine = Machine(SIZE, engine=engine)
    machine.storage.write(0x400, bytes.fromhex("1A12 4630 0400 8200 0200"))
    machine.storage.write(0x200, PSW(mode=2, address=0x600D).to_bytes())
    machine.gr[2], machine.gr[3] = 1, 1000
    machine.psw = PSW(address=0x400)
    return machine


def run(machine: Machine) -> None:
    stop = machine.run(10_000)
    assert (stop.reason, stop.instructions, machine.gr[1]) == (StopReason.DISABLED_WAIT, 2001, 1000)


@pytest.fixture
def told() -> "list[str]":
    return []


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(engines.VARIABLE, raising=False)


@needs_llvmlite
@pytest.mark.parametrize("engine", [REFERENCE, COMPILED, TRANSLATED])
def test_each_engine_counts(engine: str) -> None:
    machine = looping(engine)
    run(machine)
    found = machine.engine_statistics()
    assert (found.engine, found.instructions, found.note) == (engine, 2001, "")
    assert found.native + found.reference == 2001
    assert (found.native > 1900) == (engine != REFERENCE) == bool(found.exits)
    assert 0 < found.seconds < 10
    assert found.mips == pytest.approx(2001 / found.seconds / 1e6)


def test_a_machine_that_has_done_nothing() -> None:
    found = Machine(SIZE, engine=REFERENCE).engine_statistics()
    assert (found.instructions, found.native, found.mips, dict(found.exits)) == (0, 0, 0.0, {})


@needs_llvmlite
def test_auto_is_the_default_and_translates() -> None:
    assert Machine(SIZE).engine_statistics().engine == TRANSLATED


def test_the_variable_says_what_auto_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engines.VARIABLE, REFERENCE)
    assert Machine(SIZE).engine_statistics().engine == REFERENCE
    monkeypatch.setenv(engines.VARIABLE, "steam")
    with pytest.raises(EngineError, match="CPVM_ENGINE: there is no engine steam: it is one of reference, compiled, "):
        Machine(SIZE)
    assert Machine(SIZE, engine=REFERENCE).engine_statistics().engine == REFERENCE


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engines.VARIABLE, "")
    run(looping())


def test_without_llvmlite_it_is_told_once(monkeypatch: pytest.MonkeyPatch, told: list[str]) -> None:
    monkeypatch.setattr(engines, "available", lambda: False)
    with engines.telling(told.append):
        for _ in range(3):
            machine = looping()
            run(machine)
    looping()
    assert told == [MISSING]
    assert "pip install 'cpvm[engine]'" in MISSING
    assert machine.engine_statistics().note == MISSING
    for engine in (COMPILED, TRANSLATED):
        with pytest.raises(EngineError, match=f"the {engine} engine needs llvmlite"):
            Machine(SIZE, engine=engine)


def test_the_reference_engine_on_wish_is_nothing_to_tell(monkeypatch: pytest.MonkeyPatch, told: list[str]) -> None:
    monkeypatch.setattr(engines, "available", lambda: False)
    with engines.telling(told.append):
        run(looping(REFERENCE))
    assert told == []


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """Puts another library of native code in place of that of the process."""
    pytest.importorskip("llvmlite")
    from cpvm.machine.compiled import native

    def put(load: Callable[[], object]) -> object:
        found = native.Library(load)  # type: ignore[arg-type]
        monkeypatch.setattr(native, "library", lambda: found)
        return found

    return put


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            ImportError("libLLVM.so.20: cannot open\nshared object file"),
            "ImportError: libLLVM.so.20: cannot open shared",
        ),
        (RuntimeError("LLVM ERROR: Unsupported library call operation"), "RuntimeError: LLVM ERROR: Unsupported"),
        (OSError("[Errno 12] Cannot allocate memory"), "Cannot allocate memory"),
        (ValueError(), r"ValueError\(\)"),
    ],
)
def test_native_code_that_cannot_be_had(
    error: Exception, shown: str, library: Callable[..., object], told: list[str]
) -> None:
    def load() -> object:
        raise error

    broken = library(load)
    with engines.telling(told.append):
        machine = looping()
        with pytest.raises(EngineError, match=f"the compiled engine cannot be had: .*{shown}") as refused:
            Machine(SIZE, engine=COMPILED)  # waits, so that it is known now
        run(machine)
        run(looping())
    assert broken is not None
    assert len(told) == 1
    assert "the reference engine executes all instructions" in told[0]
    assert "\n" not in told[0] + str(refused.value)
    found = machine.engine_statistics()
    assert (found.engine, found.native, found.note) == (REFERENCE, 0, told[0])


def test_a_cache_that_cannot_be_written(library: Callable[..., object], told: list[str], tmp_path: Path) -> None:
    pytest.importorskip("llvmlite")
    from cpvm.machine.compiled import build

    good = build.read_cache(build.cache_folder() / f"native-{build.key().hex()[:16]}.bin", build.key())
    (tmp_path / "file").write_text("")
    library(lambda: build.load(tmp_path / "file", lambda path, wanted: good))
    with engines.telling(told.append):
        run(looping(COMPILED))
        run(looping(TRANSLATED))
    assert len(told) == 1
    assert told[0].startswith("native code is made anew in each process, which takes seconds: ")
    assert "file: " in told[0]


@needs_llvmlite
def test_another_process_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cpvm.machine.compiled import elsewhere

    bad = tmp_path / "python"
    bad.write_text("#!/bin/sh\necho one >&2\necho 'LLVM ERROR: two' >&2\nexit 3\n")
    bad.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bad))
    with pytest.raises(elsewhere.Failed, match=r"^LLVM ERROR: two$"):
        elsewhere.make(tmp_path / "cache", bytes(32))
    bad.write_text("#!/bin/sh\nkill -6 $$\n")
    with pytest.raises(elsewhere.Failed, match=r"^the compiler ended with status -6$"):
        elsewhere.make(tmp_path / "cache", bytes(32))
    bad.write_text("#!/bin/sh\necho nonsense\n")
    assert elsewhere.make(tmp_path / "cache", bytes(32)) is None
    for nothing in (str(tmp_path / "none"), ""):
        monkeypatch.setattr(sys, "executable", nothing)
        assert elsewhere.make(tmp_path / "cache", bytes(32)) is None


@needs_llvmlite
def test_what_nobody_waits_for_goes_into_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cpvm.machine.compiled import build, elsewhere

    code = b"object", build.array("H", range(65536)), 7
    monkeypatch.setattr(elsewhere, "compile_code", lambda machine, apart: code)

    class Gone:
        class buffer:  # noqa: N801
            @staticmethod
            def write(data: bytes) -> int:
                raise BrokenPipeError

        @staticmethod
        def close() -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone)
    elsewhere.serve(str(tmp_path / "folder" / "native.bin"))
    assert build.read_cache(tmp_path / "folder" / "native.bin", build.key()) == code
