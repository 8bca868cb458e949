"""`cpvm read`: host files become reader files of a user, whether the system runs or not."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from cpvm.cp.operand import is_alias
from cpvm.cp.realunit.idcard import Address, IDCardError, read_id_card
from cpvm.cp.realunit.inbox import InboxError, hand_over
from cpvm.front.locations import default_directory
from cpvm.front.status import USAGE
from cpvm.machine.device import MediaError
from cpvm.machine.media.cards import IMAGE
from cpvm.machine.media.deck import CARD, cards
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

_EXAMPLES = """\
examples:
  cpvm read sample.assemble --to CMSUSER        CMSUSER reads it with: READCARD SAMPLE ASSEMBLE
  cpvm read program.text --to CMSUSER --binary  an object deck, cards of 80 bytes
  cpvm read job.txt                             its first card says: ID CMSUSER NAME MY JOB
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.epilog = _EXAMPLES
    parser.add_argument("files", nargs="+", metavar="FILE", help="host files, or folders of them; - for standard input")
    parser.add_argument("--to", metavar="USERID", help="whose reader; without it the first card is an ID card")
    parser.add_argument("--class", dest="spool_class", default="A", metavar="C", help="spool class (default A)")
    parser.add_argument("--name", metavar="'FN FT'", help="name and type of the file (default: from the file's name)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--text", action="store_true", help="lines of text, a card each (default: as the file looks)")
    form.add_argument("--binary", action="store_true", help="card images of 80 bytes")
    parser.add_argument(
        "--cms", action="store_true", help="put a :READ card in front, so that READCARD * knows the name"
    )
    parser.add_argument("--trunc", action="store_true", help="cut lines that are longer than a card")
    parser.add_argument("--system", type=Path, metavar="DIR", help="the system directory (default: as for start)")


def run(arguments: argparse.Namespace) -> int:
    """Hand the files over; the exit status is 1 if one of them could not be."""
    folder = (arguments.system or default_directory()).expanduser()
    problem = _wrong(arguments, folder)
    if problem:
        print(f"cpvm read: {problem}", file=sys.stderr)
        return USAGE
    status = 0
    for name in _files(arguments.files):
        try:
            address, deck = _deck(name, arguments)
            if arguments.cms:
                deck.insert(0, _read_card(address))
            handed = hand_over(folder, address, deck)
        except (OSError, MediaError, IDCardError, InboxError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            print(f"cpvm read: {name}: {reason}", file=sys.stderr)
            status = 1
            continue
        if handed.error:
            print(f"cpvm read: {name}: {handed.error}", file=sys.stderr)
            status = 1
        else:
            print(f"{name}: RDR FILE {handed.spoolid:04} FOR {handed.userid}, {len(deck)} CARDS")
    return status


def _files(names: list[str]) -> list[str]:
    """The files that are named; of a folder, those in it, without hidden ones, by name."""
    found: list[str] = []
    for name in names:
        if name != "-" and Path(name).is_dir():
            children = sorted(Path(name).iterdir())
            found += [str(path) for path in children if path.is_file() and not path.name.startswith(".")]
        else:
            found.append(name)
    return found


def _wrong(arguments: argparse.Namespace, folder: Path) -> str:
    """What is wrong with the command; "" if nothing is."""
    if arguments.to is not None and not is_alias(arguments.to.upper()):
        return f"{arguments.to} is no userid"
    if len(arguments.spool_class) != 1 or not (arguments.spool_class.isascii() and arguments.spool_class.isalnum()):
        return f"class {arguments.spool_class} is not one letter or digit"
    if arguments.name is not None and not 1 <= len(arguments.name.split()) <= 2:
        return "a name is one word or two, 'FN FT'"
    if not folder.is_dir():
        return f"there is no system in {folder}; `cpvm start` makes one"
    return ""


def _deck(name: str, arguments: argparse.Namespace) -> tuple[Address, list[bytes]]:
    data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    form = "ascii" if arguments.text else "ebcdic" if arguments.binary else ""
    text = _text(data) if form != "ebcdic" else None
    if form == "ascii" and text is None:
        raise MediaError("that is not text in UTF-8 with characters of EBCDIC")
    if text is not None:
        form, data = "ascii", text
    deck = cards(data, form, trunc=arguments.trunc, autopad=form == "ebcdic")
    if any(len(card) == IMAGE for card in deck):
        raise MediaError("column binary cards cannot be spooled")
    if arguments.to is None:
        if not deck:
            raise IDCardError("it is empty: the first card is to be an ID card, or give --to USERID")
        try:
            address, deck = read_id_card(from_ebcdic(deck[0])), deck[1:]
        except IDCardError as error:
            raise IDCardError(f"{str(error).lower()}; give --to USERID") from None
    else:
        address = Address(arguments.to.upper())
    words = (arguments.name or address.name or _name_of(name)).upper().split()
    filetype = (words[1] if len(words) > 1 else "") if arguments.name or not address.name else address.type
    spool_class = arguments.spool_class.upper() if arguments.spool_class != "A" else address.spool_class
    return Address(address.userid, spool_class, words[0][: 8 if filetype else 24] if words else "", filetype[:8]), deck


def _read_card(address: Address) -> bytes:
    """The control card that CMS's PUNCH puts in front of a file."""
    when = time.strftime("%m/%d/%y  %H:%M:%S")
    return to_ebcdic(f":READ  {address.name[:8]:<8} {address.type:<8} A1 {'':<6} {when}".ljust(CARD)[:CARD])


def _text(data: bytes) -> bytes | None:
    """Text in UTF-8 as the ISO 8859-1 that decks are read as; None if it is no text."""
    try:
        text = data.decode("utf-8")
        if all(char.isprintable() or char in "\t\r\n\x1a" for char in text):
            return text.encode("latin-1")
    except UnicodeError:
        pass
    return None


def _name_of(file: str) -> str:
    """`fn ft` from the name of a host file."""
    if file == "-":
        return ""
    name, _, filetype = Path(file).name.partition(".")
    return f"{name[:8]} {filetype.replace('.', '')[:8]}"
