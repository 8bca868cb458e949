"""The operands of `cpvm disk`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from cpvm.front.disks.place import FORMATS, cylinder_range
from cpvm.front.disks.textcode import PAGES
from cpvm.machine.media.images.writing import CODECS

_DESCRIPTION = """\
Disks are Hercules images (.ckd, .cckd, .cckd64, fixed-block disks plain or
compressed) or volumes, in which cpvm keeps its own. An image is never changed:
what is written to it goes to a volume beside it, DISK.overlay, and both are the
disk from then on; `export` makes an image of them again. A folder of the host is
a CMS disk, too; with --system, `CMSUSER 191` is a minidisk of that system.

DISK:FILE is a file on a disk: a CMS file 'disk.ckd:PROFILE EXEC' (* for any name
or type), an OS data set 'mvs.cckd:SYS1.PARMLIB(IEASYS00)'.
"""

_STATUS = """\
exit status: 0; 1 if a check finds damage; 2 if something cannot be done

examples:
  cpvm disk init work.ckd 3350 WORK01           a new disk with an empty VTOC
  cpvm disk init cms.volume 3350 CMS191 10 --cms   10 cylinders in CMS format
  cpvm disk list mvsres.cckd                    label and data sets
  cpvm disk list mvsres.cckd SYS1.PROCLIB       members
  cpvm disk cp 'cms191.ckd:PROFILE EXEC' .      a CMS file as text
  cpvm disk cp notes.txt 'cms191.ckd:NOTES SCRIPT'
  cpvm disk cp 'cms191.ckd:* *' folder:         all files, formats and dates kept
  cpvm disk list 'CMSUSER 191' --system DIR
  cpvm disk share ~/src CMSUSER 293 --write     a folder as a minidisk
  cpvm disk cp --linked mvsres.cckd test.volume a clone, at once
  cpvm disk export test.volume test.cckd --compression bzip2
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands to the parser of `cpvm disk`."""
    parser.description = _DESCRIPTION
    parser.epilog = _STATUS
    commands = parser.add_subparsers(dest="what", metavar="WHAT", title="what to do", required=True)

    def command(name: str, title: str, disk: str = "the disk") -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(name, help=title, description=title)
        if disk:
            added.add_argument("disk", type=Path, metavar="DISK", help=disk)
        return added

    _init(command("init", "make a new disk", "the file; the end of its name says the format"))
    listing = command("list", "label and table of contents: data sets, members of one, or CMS files")
    listing.add_argument("name", nargs="?", default="", metavar="NAME", help="a data set, or CMS files as '* EXEC'")
    information = command("info", "format, size, base and how much is used")
    dump = command("dump", "tracks or blocks, hexadecimal and EBCDIC")
    dump.add_argument(
        "places", nargs="*", metavar="PLACE", help="CYL, CYL/HEAD, CYL/HEAD/RECORD; of a fixed-block disk N or N-M"
    )
    check = command("check", "look for damage: structure of the file, every track, CMS file system, VTOC")
    check.add_argument("--base", type=Path, metavar="FILE", help="where the base of this volume is now")
    imports = command("import", "copy a disk into a new volume", "the disk to read")
    imports.add_argument("target", type=Path, nargs="?", metavar="VOLUME", help="the new volume, without --system")
    imports.add_argument("--system", type=Path, metavar="DIR", help="make it a volume of the system in this directory")
    imports.add_argument("--volid", metavar="NAME", help="its name in the system (default: the one in its label)")
    export = command("export", "write a disk as a Hercules image", "the disk to read")
    export.add_argument("target", type=Path, metavar="IMAGE", help="the new image; the end of its name says the format")
    cp = command("cp", "copy files in or out, or a whole disk", "")
    cp.add_argument("files", nargs="+", metavar="FROM... TO", help="DISK:FILE, a host file or folder, or a whole DISK")
    _cp(cp)
    erase = command("erase", "erase CMS files", "")
    erase.add_argument("files", nargs="+", metavar="DISK:FILE", help="'cms.volume:* LISTING': * is any name or type")
    rename = command("rename", "give a CMS file another name", "")
    rename.add_argument("file", metavar="DISK:FILE", help="the file, or several with *")
    rename.add_argument("name", metavar="NAME", help="'FN FT'; = for what stays, as in '= SCRIPT'")
    _share(command("share", "make a folder of the host a minidisk of a user", ""))
    unshare = command("unshare", "take a folder out of a system; its files stay", "")
    unshare.add_argument("volid", metavar="VOLID", help="its volume, as `share` named it")
    unshare.add_argument("--system", type=Path, metavar="DIR", help="the system directory")
    for writer in (imports, export, cp):
        writer.add_argument("--force", action="store_true", help="replace what is there")
    for writer in (export, cp):
        _format(writer)
    for reader in (listing, information, dump, check, imports, export, cp, erase, rename):
        _opening(reader)
    for reader in (listing, information, dump, check, export, cp, erase, rename):
        reader.add_argument(
            "--system", dest="of", type=Path, metavar="DIR", help="DISK is a minidisk of this system: 'CMSUSER 191'"
        )


def _init(command: argparse.ArgumentParser) -> None:
    command.add_argument("type", metavar="TYPE", help="device type, such as 3350, 3330-11, 2314 or (fixed-block) 3370")
    letters = "1 to 6 letters, digits, - $ # @"
    command.add_argument("volid", nargs="?", default="", type=_volid, metavar="VOLID", help=letters)
    command.add_argument("size", nargs="?", type=_count, metavar="SIZE", help="cylinders or blocks (default: all)")
    command.add_argument("--cms", action="store_true", help="in CMS format")
    command.add_argument(
        "--block", type=int, choices=[800, 512, 1024, 2048, 4096], default=800, help="bytes of its blocks (default 800)"
    )
    command.add_argument("--vtoc", type=_count, default=1, metavar="TRACKS", help="tracks of the VTOC (default 1)")
    command.add_argument("--no-vtoc", action="store_true", help="a volume label, but no VTOC")
    command.add_argument("--alternates", action="store_true", help="with the alternate cylinders of the device")
    command.add_argument("--force", action="store_true", help="replace the file if there is one")
    _format(command)


def _cp(command: argparse.ArgumentParser) -> None:
    command.add_argument("--linked", action="store_true", help="make a clone of a disk at once instead of a copy")
    command.add_argument("--binary", action="store_true", help="bytes, no code translation, no lines")
    command.add_argument("--code", choices=PAGES, default="037", help="EBCDIC code page of text (default 037)")
    command.add_argument("--recfm", choices=["F", "V"], type=str.upper, help="record format on the CMS disk")
    command.add_argument("--lrecl", type=_lrecl, metavar="N", help="record length on the CMS disk")


def _share(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="FOLDER", help="the folder")
    command.add_argument("userid", metavar="USERID", help="whose minidisk it becomes")
    command.add_argument("vaddr", type=_vaddr, metavar="VADDR", help="its virtual address, such as 293")
    command.add_argument("--write", action="store_true", help="CMS may write to it (default: it may only read)")
    command.add_argument("--all", action="store_true", help="every user may read it, by LINK without a password")
    command.add_argument("--code", choices=PAGES, default="037", help="EBCDIC code page of text (default 037)")
    command.add_argument("--system", type=Path, metavar="DIR", help="the system directory")


def _format(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", choices=FORMATS, help="format of the new file, if its name does not say it")
    command.add_argument("--compression", choices=list(CODECS), default="zlib", help="of cckd and cfba (default zlib)")


def _opening(command: argparse.ArgumentParser) -> None:
    command.add_argument("--device", metavar="TYPE", help="device type that the disk must be of; of bare blocks, is of")
    command.add_argument(
        "--shadow",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a Hercules shadow file, oldest first",
    )
    command.add_argument("--overlay", type=Path, metavar="FILE", help="changes of an image (default: DISK.overlay)")
    command.add_argument(
        "--cylinders", type=_range, metavar="FIRST-LAST", help="a minidisk: only these cylinders of the disk"
    )


def _volid(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z$#@-]{0,6}", text):
        raise argparse.ArgumentTypeError(f"{text} is not 1 to 6 letters, digits, hyphens, or $ # @")
    return text


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def _vaddr(text: str) -> int:
    if not re.fullmatch(r"[0-9A-Fa-f]{1,3}", text):
        raise argparse.ArgumentTypeError(f"{text} is not a virtual address, 000 to FFF")
    return int(text, 16)


def _lrecl(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a record length, 1 to 65535")
    return int(text)


def _range(text: str) -> tuple[int, int]:
    try:
        return cylinder_range(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
