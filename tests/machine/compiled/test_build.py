"""The cache of native code: used when it is right, made anew when it is not."""

from array import array
from pathlib import Path

import pytest

from cpvm.machine.compiled import build
from cpvm.machine.compiled.native import Library, library

ROWS = array("H", range(65536))


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "native.bin"
    build.write_cache(path, b"k" * 32, b"object", ROWS, 7)
    return path


def test_what_is_written_is_read(cached: Path) -> None:
    assert build.read_cache(cached, b"k" * 32) == (b"object", ROWS, 7)
    assert [p.name for p in cached.parent.iterdir()] == ["native.bin"]


def test_another_key_is_foreign(cached: Path) -> None:
    assert build.read_cache(cached, b"x" * 32) is None


@pytest.mark.parametrize("at", [0, 25, 60, 90, 1000, -1])
def test_damage_is_found(cached: Path, at: int) -> None:
    data = bytearray(cached.read_bytes())
    data[at] ^= 1
    cached.write_bytes(data)
    assert build.read_cache(cached, b"k" * 32) is None


@pytest.mark.parametrize("size", [0, 10, 200, 140_000])
def test_a_part_is_not_enough(cached: Path, size: int) -> None:
    cached.write_bytes(cached.read_bytes()[:-1][:size])
    assert build.read_cache(cached, b"k" * 32) is None


def test_no_file_and_no_folder(tmp_path: Path) -> None:
    assert build.read_cache(tmp_path / "none", b"k" * 32) is None
    (tmp_path / "file").write_text("")
    build.write_cache(tmp_path / "file" / "native.bin", b"k" * 32, b"object", ROWS, 7)


def test_damaged_code_is_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library().wait()
    good = build.cache_folder() / f"native-{build.key().hex()[:16]}.bin"
    found = build.read_cache(good, build.key())
    assert found is not None
    made = []
    monkeypatch.setattr(build, "compile_code", lambda machine: made.append(1) or found)
    assert not build.load(tmp_path).cached
    assert build.load(tmp_path).cached
    assert made == [1]
    path = tmp_path / good.name
    path.write_bytes(path.read_bytes()[:-100] + bytes(100))
    assert not build.load(tmp_path).cached
    assert build.load(tmp_path).cached
    assert made == [1, 1]


def test_the_key_depends_on_processor_and_llvmlite(monkeypatch: pytest.MonkeyPatch) -> None:
    before = build.key()
    assert before == build.key()
    monkeypatch.setattr(build.llvmlite, "__version__", "0.0")
    other = build.key()
    monkeypatch.setattr(build.llvm, "get_host_cpu_name", lambda: "i386")
    assert len({before, other, build.key()}) == 3


def test_a_library_that_fails_says_why() -> None:
    def load() -> build.Native:
        raise RuntimeError("no such processor")

    failing = Library(load)
    with pytest.raises(RuntimeError, match="no such processor"):
        failing.wait()
    assert failing.native is None
