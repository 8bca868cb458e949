"""Passwords in lines that are typed are found wherever they may stand, and nothing else is taken for one."""

import pytest

from cpvm.typedpasswords import MASK, masked

X = MASK


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("logon user01 secret", f"logon user01 {X}"),
        ("LOGIN user01 secret noipl", f"LOGIN user01 {X} noipl"),
        ("LOGON USER01 MASK", "LOGON USER01 MASK"),
        ("LOGON USER01 NOI", "LOGON USER01 NOI"),
        ("LOGON USER01 NOISY", f"LOGON USER01 {X}"),
        ("LOGON USER01", "LOGON USER01"),
        ("#cp logon user01 secret", f"#cp logon user01 {X}"),
        ("q time#logon user01 secret#q time", f"q time#logon user01 {X}#q time"),
        ("AUTOLOG USER01 SECRET IPL CMS", f"AUTOLOG USER01 {X} IPL CMS"),
        ("CP AUTOLO USER01 SECRET", f"CP AUTOLO USER01 {X}"),
        ("AUTOLOG USER01 PROMPT", "AUTOLOG USER01 PROMPT"),
        ("XAUTOLOG USER01 IPL CMS", "XAUTOLOG USER01 IPL CMS"),
        ("SEND CP USER02 AUTOLOG USER01 SECRET", f"SEND CP USER02 AUTOLOG USER01 {X}"),
        ("link maint 191 291 rr secret", f"link maint 191 291 rr {X}"),
        ("LINK TO MAINT 191 AS 291 MR PASS=SECRET", f"LINK TO MAINT 191 AS 291 MR PASS={X}"),
        ("LINK MAINT 191 291 PASS= SECRET", f"LINK MAINT 191 291 PASS= {X}"),
        ("LINK MAINT 191 291 SECRET", f"LINK MAINT 191 291 {X}"),
        ("LINK MAINT 191 291 RR", "LINK MAINT 191 291 RR"),
        ("LINK MAINT 191 291 R#ACCESS 291 B", "LINK MAINT 191 291 R#ACCESS 291 B"),
        ("LINK MAINT 191 291", "LINK MAINT 191 291"),
        ("LINK * 191 291 W SECRET#LINK * 192 292 W OTHER", f"LINK * 191 291 W {X}#LINK * 192 292 W {X}"),
        ("exec setup cp link maint 191 291 r secret", f"exec setup cp link maint 191 291 r {X}"),
        ("link maint 191 291 r r", f"link maint 191 291 r {X}"),
        ("SET PASSWORD OLD NEW", f"SET PASSWORD {X}"),
        ("#CP SET PASS OLD NEW#Q T", f"#CP SET PASS {X}#Q T"),
        ("SET PASSWORD", "SET PASSWORD"),
        ("TYPE LOGON EXEC A", "TYPE LOGON EXEC A"),
        ("L PROFILE EXEC A", "L PROFILE EXEC A"),
        ("LINKLIST A B C", "LINKLIST A B C"),
        ("", ""),
    ],
)
def test_a_line(line: str, shown: str) -> None:
    assert masked(line) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("l user01 secret", f"l user01 {X}"),
        ("LOG user01 secret", f"LOG user01 {X}"),
        ("L USER01#SECRET#Q TIME", f"L USER01#{X}#Q TIME"),
        ("LOGON USER01 NOIPL#SECRET", f"LOGON USER01 NOIPL#{X}"),
        ("DIAL USER01", "DIAL USER01"),
    ],
)
def test_where_nobody_is_logged_on(line: str, shown: str) -> None:
    assert masked(line, logon=True) == shown


def test_long_lines_take_no_time() -> None:
    for line in ("LINK " * 30_000, "#" * 100_000, "L " * 50_000, "LINK A 1 1 " + " " * 100_000, "SET PASS " * 10_000):
        masked(line, logon=True)
