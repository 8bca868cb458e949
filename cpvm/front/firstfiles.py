"""The files of a new system that its operator may change: what real devices it has, and its configuration."""

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


def write_first_files(folder: Path) -> None:
    """Put them into the folder of a new system. Raises OSError."""
    (folder / DEVICES_FILE).write_text(DEVICES, encoding="utf-8")
    (folder / CONFIGURATION_FILE).write_text(CONFIGURATION, encoding="utf-8")
