"""Folders of the host in the place of volumes: the file `folders` of the system folder.

    NOTES1  /home/ann/notes
    SRC001  ../work/src  ro  code=1047

Volume identifier, folder (a relative name is found from the system folder), options. The directory has a volume of
that name and a minidisk that is all of it. So a host path stands only where whoever runs the system writes it: no
command, and no directory source, can name one.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cpvm.machine.device import MediaError

if TYPE_CHECKING:
    from cpvm.machine.media.folder import FolderTracks

FILE = "folders"


@dataclass(frozen=True)
class SharedFolder:
    """A folder of the host that is a volume; CODE is the EBCDIC code page of its text."""

    volid: str
    path: Path
    read_only: bool = False
    code: str = "037"

    def line(self) -> str:
        """The line of the file `folders`."""
        options = [*(["ro"] if self.read_only else []), *([f"code={self.code}"] if self.code != "037" else [])]
        return " ".join([self.volid, shlex.quote(str(self.path)), *options])

    def open(self, system: Path, devtype: str, *, read_only: bool = False) -> FolderTracks:
        """The disk, only to be read if it is such a folder or READ_ONLY. Raises MediaError."""
        from cpvm.machine.media.folder import open_folder

        return open_folder(system / self.path, self.read_only or read_only, devtype, self.code)


def shared_folders(system: Path) -> dict[str, SharedFolder]:
    """The folders that the file names, by volume identifier; none if there is no file. Raises MediaError."""
    try:
        lines = (system / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise MediaError(f"{FILE}: {error}") from None
    found = {}
    for number, line in enumerate(lines, 1):
        try:
            words = shlex.split(line, comments=True)
            if words:
                folder = _folder(words)
                found[folder.volid] = folder
        except ValueError as error:
            raise MediaError(f"{FILE} line {number}: {error}") from None
    return found


def _folder(words: list[str]) -> SharedFolder:
    if len(words) < 2:
        raise ValueError("a volume identifier and a folder are wanted")
    read_only, code = False, "037"
    for word in words[2:]:
        name, _, value = word.partition("=")
        if word == "ro":
            read_only = True
        elif name == "code":
            code = value
        else:
            raise ValueError(f"there is no option {word}")
    return SharedFolder(words[0].upper(), Path(words[1]).expanduser(), read_only, code)
