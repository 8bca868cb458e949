"""Where the system directory is by default, on each platform."""

from pathlib import Path

import pytest

from cpvm.front.locations import default_directory, history_folder

HOME = Path("/home/u")


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", "/home/u/.local/share/cpvm"),
        ({"XDG_DATA_HOME": "/data"}, "linux", "/data/cpvm"),
        ({"XDG_DATA_HOME": "data"}, "linux", "/home/u/.local/share/cpvm"),
        ({}, "darwin", "/home/u/Library/Application Support/cpvm"),
        ({"LOCALAPPDATA": "/appdata"}, "win32", "/appdata/cpvm"),
        ({}, "win32", "/home/u/AppData/Local/cpvm"),
        ({"CPVM_SYSTEM": "/srv/vm", "XDG_DATA_HOME": "/data"}, "linux", "/srv/vm"),
    ],
)
def test_default_directory(environment: dict[str, str], platform: str, expected: str) -> None:
    assert default_directory(environment, platform, HOME) == Path(expected)


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", "/home/u/.local/state/cpvm/history"),
        ({"XDG_STATE_HOME": "/state", "CPVM_SYSTEM": "/srv/vm"}, "linux", "/state/cpvm/history"),
        ({"XDG_STATE_HOME": "state"}, "linux", "/home/u/.local/state/cpvm/history"),
        ({"CPVM_SYSTEM": "/srv/vm"}, "darwin", "/home/u/Library/Application Support/cpvm-history"),
        ({"LOCALAPPDATA": "/appdata"}, "win32", "/appdata/cpvm-history"),
    ],
)
def test_history_folder(environment: dict[str, str], platform: str, expected: str) -> None:
    assert history_folder(environment, platform, HOME) == Path(expected)
