"""Who pays for what the CP thread does."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.cp.vmblok import VMBLOK

from .helper import DIRECTORY, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    System.create(tmp_path, DIRECTORY)
    return Site(tmp_path)


def test_a_user_pays_for_commands_that_are_typed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    paid: list[tuple[str, bool]] = []
    charge = site.system.scheduler.charge_apart

    def charge_apart(vm: VMBLOK, used: int, passed: int) -> float:
        paid.append((vm.userid, 0 < used <= passed * 1.1))
        return charge(vm, used, passed)

    monkeypatch.setattr(site.system.scheduler, "charge_apart", charge_apart)
    first, second = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    vm = site.system.users["CMSUSER"]
    paid.clear()
    before = vm.usage.overhead_ns
    first.type("DISPLAY 0-4000")  # in several turns
    assert paid
    assert set(paid) == {("CMSUSER", True)}
    assert vm.usage.overhead_ns > before
    paid.clear()
    second.type("MSG CMSUSER HELLO")  # whoever gets it does not pay
    assert set(paid) == {("USER01", True)}


def test_a_command_waits_for_its_turn_and_attention_is_not_lost(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    user = site.logon("CMSUSER")
    vm = site.system.users["CMSUSER"]
    turns = [0.02, 0.02]
    monkeypatch.setattr(site.system.dispatcher, "turn", lambda one: turns.pop() if one is vm and turns else 0.0)
    assert user.type("QUERY TERMINAL")
    assert not turns
    user.type("STORE S200 47F00200")
    user.type("STORE PSW 00000000 00000200")
    turns.append(0.02)
    user.session.line("BEGIN")
    user.session.attention()
    assert user.until(ReadState.CP_READ)[-1:] == ["CP"]
    assert vm.stopped
