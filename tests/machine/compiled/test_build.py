"""The cache of native code: used when it is right, made anew when it is not."""

import os
import random
import stat
import threading
from array import array
from collections.abc import Callable
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


def test_any_bit_that_is_wrong_is_found(cached: Path) -> None:
    data = bytearray(cached.read_bytes())
    head = len(build.MAGIC) + 68
    rng = random.Random(1)
    bits = [*range(8 * head), *(8 * len(data) - 1 - bit for bit in range(48))]
    bits += rng.sample(range(8 * head, 8 * len(data)), 500)
    for bit in bits:
        data[bit >> 3] ^= 0x80 >> (bit & 7)
        assert build.unpack(bytes(data), b"k" * 32) is None, f"bit {bit & 7} of byte {bit >> 3}"
        data[bit >> 3] ^= 0x80 >> (bit & 7)
    assert build.unpack(bytes(data), b"k" * 32) is not None


@pytest.mark.parametrize("size", [0, 10, 200, 140_000])
def test_a_part_is_not_enough(cached: Path, size: int) -> None:
    cached.write_bytes(cached.read_bytes()[:-1][:size])
    assert build.read_cache(cached, b"k" * 32) is None


def test_more_is_too_much(cached: Path) -> None:
    cached.write_bytes(cached.read_bytes() + b"\0")
    assert build.read_cache(cached, b"k" * 32) is None


def test_the_file_of_another_version_is_foreign(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "MAGIC", b"cpvm native engine 3\n")
    assert build.read_cache(cached, b"k" * 32) is None


@pytest.mark.skipif(os.name != "posix", reason="files have no owners and no modes")
def test_what_others_could_have_written_is_foreign(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for mode in (0o620, 0o602, 0o666):
        cached.chmod(mode)
        assert build.read_cache(cached, b"k" * 32) is None
    cached.chmod(0o644)
    assert build.read_cache(cached, b"k" * 32) is not None
    about = list(os.stat(cached))
    about[stat.ST_UID] = os.geteuid() + 1
    monkeypatch.setattr(os, "fstat", lambda descriptor: os.stat_result(about))
    assert build.read_cache(cached, b"k" * 32) is None


def test_no_file_and_no_folder(tmp_path: Path) -> None:
    assert build.read_cache(tmp_path / "none", b"k" * 32) is None
    (tmp_path / "file").write_text("")
    trouble = build.write_cache(tmp_path / "file" / "native.bin", b"k" * 32, b"object", ROWS, 7)
    assert trouble == f"{tmp_path / 'file'}: File exists"


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "native.bin"
    path.mkdir()
    assert build.read_cache(path, b"k" * 32) is None
    assert build.write_cache(path, b"k" * 32, b"object", ROWS, 7) == f"{tmp_path}: Is a directory"
    assert list(tmp_path.iterdir()) == [path], "something was left behind"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes among files")
def test_a_pipe_in_place_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "native.bin"
    os.mkfifo(path)
    assert build.read_cache(path, b"k" * 32) is None
    assert not build.write_cache(path, b"k" * 32, b"object", ROWS, 7)
    assert build.read_cache(path, b"k" * 32) is not None


def test_a_file_that_cannot_be_read(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = cached.with_name("loop.bin")
    loop.symlink_to(loop)
    assert build.read_cache(loop, b"k" * 32) is None

    def refuse(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert build.read_cache(cached, b"k" * 32) is None


def test_several_write_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "native.bin"
    contents = [bytes([n]) * 100_000 for n in range(4)]
    failures: list[str] = []
    seen: list[object] = []
    writing = True

    def write(obj: bytes) -> None:
        failures.extend(filter(None, (build.write_cache(path, b"k" * 32, obj, ROWS, 7) for _ in range(8))))

    def read() -> None:
        while writing:
            seen.append(build.read_cache(path, b"k" * 32))

    build.write_cache(path, b"k" * 32, contents[0], ROWS, 7)
    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(obj,)) for obj in contents]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    writing = False
    reader.join()
    assert not failures
    assert seen
    assert all(found in [(obj, ROWS, 7) for obj in contents] for found in seen)
    assert list(tmp_path.iterdir()) == [path]


def _good() -> tuple[str, build.Code]:
    """The name of the file in the cache, and what is in it."""
    native = library().wait()
    assert not native.trouble
    name = f"native-{build.key().hex()[:16]}.bin"
    found = build.read_cache(build.cache_folder() / name, build.key())
    assert found is not None
    return name, found


def _put_nothing(path: Path, found: build.Code) -> None:
    path.write_bytes(b"")


def _put_part(path: Path, found: build.Code) -> None:
    path.write_bytes(build.pack(build.key(), *found)[:-4096])


def _put_damaged(path: Path, found: build.Code) -> None:
    data = bytearray(build.pack(build.key(), *found))
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def _put_foreign(path: Path, found: build.Code) -> None:
    path.write_bytes(build.pack(bytes(32), *found))  # as made for another processor, and copied


def _put_folder(path: Path, found: build.Code) -> None:
    path.mkdir()


@pytest.mark.parametrize("put", [_put_nothing, _put_part, _put_damaged, _put_foreign, _put_folder])
def test_what_is_wrong_is_made_anew(
    put: Callable[[Path, build.Code], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, found = _good()
    put(tmp_path / name, found)
    made = []
    monkeypatch.setattr(build, "compile_code", lambda machine: made.append(1) or found)
    native = build.load(tmp_path)
    assert (native.cached, made) == (False, [1])
    again = build.load(tmp_path)
    if put is _put_folder:
        assert "Is a directory" in native.trouble
        assert (again.cached, made) == (False, [1, 1])
    else:
        assert not native.trouble
        assert (again.cached, made) == (True, [1])


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
