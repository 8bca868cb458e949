"""Disks written by CMS in a whole system, read from the volume by the independent reader."""

from __future__ import annotations

from pathlib import Path

from cdf_reader import Disk, read_disk

from cpvm import api, sysgen
from cpvm.cp.system import System
from cpvm.front import users
from cpvm.machine.media.volume import Volume


def disk_of(folder: Path, userid: str, vaddr: str) -> Disk:
    place = next(place for place in users.places() if (place.userid, place.vaddr) == (userid, vaddr))
    volume = Volume.open(System.volume_path(folder, users.VOLUME))
    try:
        return read_disk(volume.minidisk(place.start, place.cylinders, read_only=True).read)
    finally:
        volume.close()


def test_format_copy_rename_erase_recomp(tmp_path: Path) -> None:
    folder = sysgen.prepare(tmp_path / "system")
    with api.start(folder) as system:
        user = system.logon("CMSUSER")
        for line in ("IPL CMS", "", "FORMAT 191 A", "YES", "MINE"):
            user.type(line)
        for line in (
            "COPYFILE * MODULE S = = A",
            "RENAME TYPE MODULE A TIPPE = =",
            "ERASE QUERY MODULE A",
            "COPYFILE CMSLIB MACLIB S = = A",
            "COPYFILE CMSLIB MACLIB S CMSLIB MACLIB A ( APPEND",
            "LISTFILE * * A (EXEC",
            "FORMAT 191 A 4 (RECOMP",
            "LISTFILE * * A (EXEC APPEND",
        ):
            response = user.type(line)
            assert response.return_code == 0, (line, response.text)
        listed = user.type("LISTFILE * * A (FTYPE").lines
    found = disk_of(folder, "CMSUSER", "191")
    system_disk = disk_of(folder, "MAINT", "190")
    assert found.problems == []
    assert system_disk.problems == []
    assert (found.label, found.cylinders, found.total) == ("MINE", 4, 2280)
    names = {" ".join(line.split()) for line in listed[:-1] if line and not line.startswith("Ready")}
    assert names == {" ".join(name) for name in found.files}
    for name, file in system_disk.files.items():
        if name[1] == "MODULE" and name[0] not in ("TYPE", "QUERY"):
            assert found.files[name].records == file.records
    assert found.files["TIPPE", "MODULE"].records == system_disk.files["TYPE", "MODULE"].records
    assert found.files["CMSLIB", "MACLIB"].records == system_disk.files["CMSLIB", "MACLIB"].records * 2
    lines = [record.decode("cp037").split()[2:4] for record in found.files["CMS", "EXEC"].records]
    assert {(fn, ft) for fn, ft in lines} == set(found.files)
