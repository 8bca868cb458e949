"""The first directory."""

from cpvm.cp.directory import MinidiskEntry
from cpvm.cp.directory_source import read_directory
from cpvm.front import users


def test_the_first_directory_is_accepted_and_complete() -> None:
    directory = read_directory(users.directory_source())
    assert [userid for userid in directory.users if not userid.startswith("STUDNT")] == [
        "OPERATOR", "MAINT", "CMSUSER", "USER01", "USER02", "EXCHANGE",
    ]  # fmt: skip
    exchange = directory.users.pop("EXCHANGE").minidisk(0x191)
    assert exchange is not None and exchange.read_password == "ALL" and exchange.write_password
    assert directory.passwords["EXCHANGE"] == "NOLOG"
    assert [entry.aliases for userid, entry in directory.users.items() if userid.startswith("STUDNT")] == [
        (f"STUDENT{number:02d}",) for number in range(1, 13)
    ]
    assert directory.well_known == set(directory.users)
    assert directory.systems == {"CMS": 0x190}
    for userid, entry in directory.users.items():
        own = {0x393} if userid == "MAINT" else set()  # the source of CMS
        expected = {0x009, 0x00C, 0x00D, 0x00E, 0x190, 0x191} | own
        assert expected == {device.vaddr for device in entry.devices}, userid
        assert isinstance(entry.device(0x190), MinidiskEntry) == (userid == "MAINT")


def test_minidisks_do_not_overlap_and_leave_the_label() -> None:
    end = 1
    for place in users.places():
        assert place.start == end
        end = place.start + place.cylinders
    assert end == users.volume_cylinders() <= 555
