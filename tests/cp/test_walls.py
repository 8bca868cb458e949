"""The walls of a virtual machine, attacked from inside: a short form of `wallcampaign`, and that it would notice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm.cp.diagnose.d064_segment import PAGING_ERROR
from cpvm.machine import engines
from cpvm.s370.ebcdic import to_ebcdic

from .calling import Guest
from .wallattacks import ATTACKS
from .wallcampaign import Campaign
from .wallworld import SEGMENT, STORAGE

ROUNDS = 8


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    campaign = Campaign(tmp_path, "short")
    yield campaign
    campaign.world.close()


@pytest.mark.parametrize("kind", list(ATTACKS))
def test_attacks_of_one_kind(campaign: Campaign, kind: str) -> None:
    campaign.run(range(ROUNDS), [kind])
    assert not campaign.troubles


def test_attacks_on_the_reference_engine(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, "reference", engine=engines.REFERENCE)
    try:
        campaign.run(range(2 * len(ATTACKS)), list(ATTACKS))
        assert not campaign.troubles
    finally:
        campaign.world.close()


def test_what_leaks_is_found(campaign: Campaign) -> None:
    world = campaign.world
    assert world.leaks() == []
    for name, secret in world.secrets.items():
        world.site.on_cp(lambda s=secret: world.vm("ATTACK").machine.storage.write(0x7003, s))  # type: ignore[misc]
        assert world.leaks() == [f"{name}: in storage"]
    world.site.on_cp(lambda: world.vm("ATTACK").machine.storage.write(0x7003, bytes(16)))
    secret = int.from_bytes(world.secrets["register"][:8], "big")
    world.site.on_cp(lambda: world.vm("ATTACK").machine.fr.__setitem__(2, secret))
    assert world.leaks() == ["register: in registers"]
    world.site.on_cp(lambda: world.vm("ATTACK").machine.fr.__setitem__(2, 0))
    world.attacker.transcript.append(f"V00000 {world.secrets['storage'][4:8].hex().upper()}")
    assert world.leaks() == ["storage: at the terminal"]
    world.attacker.transcript.pop()
    world.site.on_cp(lambda: world.vm("ATTACK").machine.storage.data.__setitem__(STORAGE, 1))
    assert world.leaks() == ["stored behind the end of storage"]


def test_what_changes_is_found(campaign: Campaign) -> None:
    world = campaign.world
    system = world.site.system
    assert world.changes() == []
    world.site.on_cp(lambda: world.vm("VICTIM").machine.storage.write(STORAGE - 1, b"\x01"))
    world.site.on_cp(lambda: world.vm("PARTNER").machine.storage.write(0x2000, b"\x01"))
    world.site.on_cp(lambda: world.vm("VICTIM").machine.gr.__setitem__(7, 1))
    assert world.changes() == ["victim's storage", "victim's registers", "partner's storage"]
    segment = system.saved.get("WALLSEG")
    assert segment is not None
    path = system.saved.path(segment)
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(data)
    (world.outside / "new").touch()
    world.site.on_cp(lambda: system.spool.purge(*system.spool.files("RDR", "VICTIM")))
    assert {"segment", "host", "victim's spool files"} <= set(world.changes())
    disk = system.directory.users["VICTIM"].minidisk(0x192)
    assert disk is not None

    def store() -> None:
        link = system.minidisks.link("VICTIM", disk, "VICTIM", "MW")
        link.tracks.write(4, 29, link.tracks.read(4, 28))
        link.drop()

    world.site.on_cp(store)
    assert world.disks() != campaign.disks


def test_a_segment_is_shared_until_it_is_changed(campaign: Campaign) -> None:
    """Attacker and partner have the same pages: what one stores, only it sees."""
    world = campaign.world
    system = world.site.system.saved.get("WALLSEG")
    assert system is not None
    for vm in (world.vm("ATTACK"), world.vm("PARTNER")):
        world.site.on_cp(lambda vm=vm: vm.segments.load(system))  # type: ignore[misc]
    world.site.on_cp(lambda: world.vm("ATTACK").machine.storage.write(SEGMENT, to_ebcdic("MINE")))
    assert world.vm("PARTNER").machine.storage.read(SEGMENT, 4) == bytes((1, 1, 1, 1))
    assert world.changes() == []


def test_a_segment_over_the_end_of_storage_fills_no_log(campaign: Campaign) -> None:
    world = campaign.world
    world.attacker.type(f"DEFINE STORAGE {(SEGMENT >> 10) + 28}K")
    guest = Guest(world.site, world.attacker, "ATTACK")
    guest.put(0x1000, to_ebcdic("WALLSEG "))
    lines = len(world.site.system.log.lines)
    assert guest.call(0x64, 4, 6, r4=0x1000, r6=0) == 2
    assert guest.get(6) == PAGING_ERROR
    assert len(world.site.system.log.lines) == lines
    path = world.site.system.saved.path(next(iter(world.site.system.saved)))
    path.write_bytes(b"damaged")
    world.site.on_cp(world.site.system.saved.close)
    world.attacker.type("DEFINE STORAGE 1M")
    guest = Guest(world.site, world.attacker, "ATTACK")
    guest.put(0x1000, to_ebcdic("WALLSEG "))
    assert guest.call(0x64, 4, 6, r4=0x1000, r6=0) == 2
    assert "DMKCFG177E" in world.site.system.log.lines[-1], "what the host has lost is the operator's business"
