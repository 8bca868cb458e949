"""The files of a new system that may be changed: its real devices, its configuration, and users' PROFILE EXEC."""

from __future__ import annotations

from pathlib import Path

from cpvm.cp.realdev import FILE as DEVICES_FILE
from cpvm.cp.sysconfig import FILE as CONFIGURATION_FILE

DEVICES = """\
# The real devices of this system, one a line; read when the system starts. Names are relative to this folder.
# The operator's guide, docs/howto/operate.md, explains all words.

# What users print and punch becomes a file in these folders; files put into the folder of the reader go to users.
00C  2540R  spool  folder=reader
00D  2540P  spool  folder=punch    ascii nosep
00E  1403   spool  folder=printer  class=AT

# Others to choose from:
# 00F  1403   spool  folder=pages  pdf greenbar  class=P
# 010  1403   spool  "command=lpr -P laser"  class=L
# 180  3420   tapes/work.aws
"""

CONFIGURATION = """\
# The configuration of this system, a statement a line; read when the system starts.
# docs/howto/operate.md and docs/howto/network.md explain it.

# NODE     CPVM
# SPOOL    LIMIT 8G
# NETWORK  LISTEN 127.0.0.1:1175
# LINK     OTHER otherhost:1175 KEY a-secret-that-both-know
"""


PROFILE = """\
&CONTROL OFF
* COMMANDS IN THIS FILE ARE EXECUTED EACH TIME CMS IS IPLED.
* THE PF KEYS OF A DISPLAY (OR F1 TO F12 OF A TERMINAL).
CP SET PF1 IMMED HELP
CP SET PF2 IMMED HELP TASK
CP SET PF3 RETRIEVE
CP SET PF4 IMMED LISTFILE
CP SET PF5 IMMED QUERY DISK
CP SET PF6 IMMED QUERY READER
CP SET PF9 DELAYED HELP
CP SET PF12 RETRIEVE
* WITHOUT THE ASTERISK: THE ANSWERS OF 1979 (1972, CE).
* SET HISTORY 1979
&EXIT
"""
"""PROFILE EXEC of new users."""


def write_first_files(folder: Path) -> None:
    """Put them into the folder of a new system. Raises OSError."""
    (folder / DEVICES_FILE).write_text(DEVICES, encoding="utf-8")
    (folder / CONFIGURATION_FILE).write_text(CONFIGURATION, encoding="utf-8")
