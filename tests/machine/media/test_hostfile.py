"""What is no file of the host is no medium, and nobody waits for it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from cpvm.machine.device import MediaError
from cpvm.machine.media import hostfile
from cpvm.machine.media.hostfile import ordinary, to_write, whole
from cpvm.machine.media.images import open_image
from cpvm.machine.media.tape.open import open_tape
from cpvm.machine.media.volumefile import is_volume

pytestmark = [pytest.mark.skipif(os.name == "nt", reason="POSIX"), pytest.mark.timeout(20)]


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo.aws"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    "use",
    [
        lambda path: open_tape(path, read_only=True),
        open_tape,
        lambda path: open_image(path, True),
        open_image,
        is_volume,
    ],
    ids=["tape to read", "tape", "disk to read", "disk", "volume"],
)
def test_a_fifo_is_no_medium(fifo: Path, use: Callable[[Path], object]) -> None:
    with pytest.raises(MediaError, match="not a file"):
        use(fifo)


def test_neither_is_a_device_without_end_or_a_folder(tmp_path: Path) -> None:
    for path in ("/dev/zero", tmp_path):
        with pytest.raises(OSError, match="not a file"):
            whole(path)
    (tmp_path / "long").write_bytes(bytes(100))
    assert whole(tmp_path / "long") == bytes(100)


def test_what_is_too_long_is_not_taken_into_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostfile, "MOST", 1 << 20)
    (tmp_path / "long").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(OSError, match="longer than 1 megabytes"):
        whole(tmp_path / "long")


def test_a_fifo_is_written_if_somebody_reads(fifo: Path) -> None:
    with pytest.raises(OSError, match="No such device"), open(fifo, "wb", opener=to_write):
        pass
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    with open(fifo, "wb", opener=to_write) as file:
        file.write(b"A LINE")
        assert os.get_blocking(file.fileno())
    assert os.read(reading, 100) == b"A LINE"
    os.close(reading)


def test_a_socket_is_not_opened(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        with pytest.raises(OSError), open(tmp_path / "s", "rb", opener=ordinary):
            pass
