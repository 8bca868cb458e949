"""The pages of saved systems in storage: read once, whole or not at all, and let go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm.cp.savedpages import DamagedError, SavedPages


@pytest.fixture
def pages() -> Iterator[SavedPages]:
    found = SavedPages()
    yield found
    found.close()


def contents(number: int) -> bytes:
    with os.fdopen(number, "rb") as file:
        return file.read()


def test_a_file_is_read_once(pages: SavedPages, tmp_path: Path) -> None:
    path, data = tmp_path / "A.pages", os.urandom(3_000_000)
    path.write_bytes(data)
    first = pages.open(path, len(data))
    if hasattr(os, "memfd_create"):
        path.unlink()
    second = pages.open(path, len(data))
    assert os.pread(first, len(data), 0) == data
    assert os.pread(second, len(data), 0) == data
    os.close(first)
    pages.keep([])
    assert os.pread(second, 1, 2_999_999) == data[-1:], "a descriptor is the caller's own"
    os.close(second)


def test_what_is_missing_or_damaged_is_refused(pages: SavedPages, tmp_path: Path) -> None:
    path = tmp_path / "A.pages"
    with pytest.raises(FileNotFoundError):
        pages.open(path, 4096)
    path.write_bytes(bytes(4095))
    with pytest.raises(DamagedError):
        pages.open(path, 4096)
    with pytest.raises(IsADirectoryError):
        pages.open(tmp_path, tmp_path.stat().st_size)
    path.write_bytes(bytes(4096))
    number = pages.open(path, 4096)
    assert os.fstat(number).st_size == 4096
    os.close(number)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the host does not tell its open files")
def test_no_descriptor_is_left(pages: SavedPages, tmp_path: Path) -> None:
    def there() -> set[str]:
        return {link for name in os.listdir("/proc/self/fd") if ".pages" in (link := linked(name))}

    def linked(name: str) -> str:
        try:
            return os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            return ""

    before = there()
    for name in ("A.pages", "B.pages"):
        (tmp_path / name).write_bytes(bytes(4096))
        os.close(pages.open(tmp_path / name, 4096))
    (tmp_path / "C.pages").write_bytes(b"damaged")
    with pytest.raises(DamagedError):
        pages.open(tmp_path / "C.pages", 4096)
    pages.keep([tmp_path / "B.pages"])
    assert [name for name in there() - before if "B.pages" not in name] == []
    pages.close()
    assert there() == before


def test_a_host_without_files_that_have_no_name(
    pages: SavedPages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    path = tmp_path / "A.pages"
    path.write_bytes(b"1234")
    assert contents(pages.open(path, 4)) == b"1234"
