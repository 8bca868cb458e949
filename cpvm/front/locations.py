"""Where a system lives on this computer when the user does not say."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def default_directory(
    environment: Mapping[str, str] = os.environ, platform: str = sys.platform, home: Path | None = None
) -> Path:
    """The system directory used without `--system`: `CPVM_SYSTEM` if set, else `cpvm` in the user's data directory.

    The data directory is `XDG_DATA_HOME` or `~/.local/share`, `~/Library/Application Support` on macOS, `LOCALAPPDATA`
    on Windows. (XDG Base Directory Specification: a relative `XDG_DATA_HOME` is ignored.)
    """
    if chosen := environment.get("CPVM_SYSTEM"):
        return Path(chosen)
    home = home or Path.home()
    if platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return (Path(local) if local else home / "AppData" / "Local") / "cpvm"
    if platform == "darwin":
        return home / "Library" / "Application Support" / "cpvm"
    xdg = Path(environment.get("XDG_DATA_HOME", ""))
    return (xdg if xdg.is_absolute() else home / ".local" / "share") / "cpvm"


def history_folder(
    environment: Mapping[str, str] = os.environ, platform: str = sys.platform, home: Path | None = None
) -> Path:
    """Where lines typed at terminals are kept between runs: `cpvm/history` in the user's state directory.

    The state directory is `XDG_STATE_HOME` or `~/.local/state`. On macOS and Windows, which have none, it is
    `cpvm-history` beside the default system directory.
    """
    home = home or Path.home()
    if platform in ("win32", "darwin"):
        rest = {name: value for name, value in environment.items() if name != "CPVM_SYSTEM"}
        return default_directory(rest, platform, home).with_name("cpvm-history")
    xdg = Path(environment.get("XDG_STATE_HOME", ""))
    return (xdg if xdg.is_absolute() else home / ".local" / "state") / "cpvm" / "history"
