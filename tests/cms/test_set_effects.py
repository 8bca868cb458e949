"""SET AUTOREAD and SET RELPAGE: what they change in how CMS waits, and in what it keeps."""

from __future__ import annotations

from bare_cms import BareCMS


def test_autoread_off_reads_only_after_an_attention() -> None:
    cms = BareCMS({("X", "EXEC"): "&TYPE HELLO\n"})
    cms.ipl()
    cms.enter("SET AUTOREAD OFF")
    assert not cms.console.reading
    assert cms.take()[-1].startswith("Ready;")
    out = cms.interrupt("EXEC X", 200_000)
    cms.run()
    out += cms.take()
    assert "HELLO" in out
    assert not cms.console.reading
    cms.interrupt("", 50_000)  # Enter alone: nothing
    cms.run()
    assert not cms.console.reading
    cms.interrupt("SET AUTOREAD ON", 200_000)
    cms.run()
    assert cms.console.reading
    assert "HELLO" in cms.type("EXEC X")


def test_relpage_gives_the_user_area_back() -> None:
    cms = BareCMS({("X", "FILE"): "a line\n"})
    cms.ipl()
    cms.type("SET RELPAGE ON", "LISTFILE X FILE")
    assert cms.host.released == []
    assert cms.type("COPYFILE X FILE A Y FILE A")[-1].startswith("Ready;")
    ((first, last),) = cms.host.released
    assert first == 0x20000 < last
    assert not any(cms.machine.storage.read(first, last + 4096 - first))
    cms.type("SET RELPAGE OFF", "COPYFILE X FILE A Z FILE A")
    assert len(cms.host.released) == 1
    assert any(cms.machine.storage.read(0x20000, 4096))
    cms.type("SET RELPAGE ON", "COPY X FILE A Z FILE A (REPLACE")  # abbreviated
    assert len(cms.host.released) == 2
    assert cms.type("COMPARE X FILE A Z FILE A")[-1].startswith("Ready;")
