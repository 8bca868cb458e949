"""The main job: one user writes, assembles and runs a program, prints and punches it; another assembles it again."""

import re
from pathlib import Path

import pytest

from cpvm import api, cli

from .telnet_client import TelnetUser

SCRIPT = Path(__file__).with_name("main-job.script")


def test_main_job(system_directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", str(SCRIPT), "--system", str(system_directory), "--user", "CMSUSER"]) == 0
    transcript = capsys.readouterr().out
    assert_first_user(transcript)

    with api.start(system_directory) as system:
        operator = system.logon("OPERATOR")
        # The printer may tell what it prints before CP has answered, or after.
        assert "0001 FILE CHANGED\n" in operator.type("CHANGE CMSUSER PRINTER ALL NOHOLD").text
        user = TelnetUser(system.listen()[1])
        user.until("VM/370 ONLINE\n")
        user.type("LOGON USER01")
        user.until("ENTER PASSWORD:\n")
        user.type("USER01")
        assert "FILES: 001 RDR, NO PRT, NO PUN\n" in user.until("LOGON AT .*\n")
        user.type("IPL CMS")
        user.until("CMS VERSION.*\n")
        user.command("")
        assert re.search(r"^CMSUSER +\d{4} A PUN 0000\d\d ", user.command("QUERY READER ALL"), re.MULTILINE)
        user.command("READCARD SUMUP ASSEMBLE")
        listed = user.command("LISTFILE SUMUP *")
        assert "SUMUP    ASSEMBLE A1\n" in listed
        assert source_lines(user.command("TYPE SUMUP ASSEMBLE")) == source_lines(SCRIPT.read_text())
        user.command("COPYFILE SUMUP ASSEMBLE A COPY ASSEMBLE A")
        assert "Ready;" in user.command("COMPARE SUMUP ASSEMBLE A COPY ASSEMBLE A")
        assert "NO STATEMENTS FLAGGED IN THIS ASSEMBLY\n" in user.command("ASSEMBLE SUMUP")
        assert "THE SUM 00001011\n" in user.command("LOAD SUMUP (START")
        user.type("LOGOFF")
        user.until("LOGOFF AT .*\nVM/370 ONLINE\n")
        user.close()
        while "NO PRT FILES\n" not in operator.type("QUERY PRINTER SYSTEM").text:
            pass  # the printer is at it
    (listing,) = (system_directory / "printer").glob("*-CMSUSER-*-SUMUP-LISTING.txt")
    assert "SUMUP    CSECT" in listing.read_text(encoding="utf-8")


def source_lines(text: str) -> list[str]:
    """The lines of the program in a script or in a transcript, without EDIT's numbers in columns 73 to 80."""
    lines = [line[:72].rstrip() for line in text.splitlines()]
    return lines[lines.index("SUMUP    CSECT") : lines.index("         END   SUMUP") + 1]


def assert_first_user(transcript: str) -> None:
    """What the first user must have seen, in this order, and nothing that a user of VM/370 would wonder about."""
    for expected in (
        r"ENTER PASSWORD:\nXXXXXXXX\n",
        r"LOGON AT \d\d:\d\d:\d\d \S+ [A-Z]+DAY \d\d/\d\d/\d\d\nIPL CMS\nCMS VERSION .*\n\nReady; T=\S+ \S+\n",
        r"EDIT SUMUP ASSEMBLE\nNEW FILE:\nEDIT:\nINPUT\nINPUT:\nSUMUP    CSECT\n",
        r"         END   SUMUP\n\nEDIT:\nFILE\nReady; T=\S+ \S+\n",
        r"ASSEMBLE SUMUP\n.*\nNO STATEMENTS FLAGGED IN THIS ASSEMBLY\nReady; T=\S+ \S+\n",
        r"LOAD SUMUP\nReady; T=\S+ \S+\n\nSTART\nDMSLIO740I Execution begins...\nTHE SUM 00001011\nReady; ",
        r"GENMOD SUMUP\nReady; T=\S+ \S+\n\nSUMUP\nTHE SUM 00001011\nReady; ",
        r"PRINT SUMUP LISTING\nPRT FILE \d{4} FOR CMSUSER  COPY 001 HOLD\nReady; ",
        r"PUNCH SUMUP ASSEMBLE\nPUN FILE \d{4} TO  USER01   COPY 001 NOHOLD\nReady; ",
        r"QUERY FILES\nFILES: NO RDR, 001 PRT, NO PUN\nReady; ",
        r"QUERY PRINTER ALL\nOWNERID .*\nCMSUSER  \d{4} A PRT \d{6} 01  USER .* SUMUP    LISTING  .*\nReady; ",
        r"LOGOFF\nCONNECT= \S+ VIRTCPU= \S+ TOTCPU= \S+\nLOGOFF AT .*\n",
    ):
        found = re.search(expected, transcript)
        assert found, f"{expected!r} not found in:\n{transcript}"
        transcript = transcript[found.start() :]
    assert not re.search(r"^(DMS|DMK)\w{3}\d{3}[EWST]|^Ready\(|^\?", transcript, re.MULTILINE)
