"""The command line: `cpvm` and its subcommands. What each one does is in `cpvm.front`, imported when it is used."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cpvm import __version__

if TYPE_CHECKING:
    from cpvm.front.start import Address

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_EXAMPLES = """\
examples:
  cpvm                              start the system in its default directory; the first start makes it
  cpvm start --system /srv/vm       the same, in another directory
  cpvm connect                      one more terminal on the running system
  cpvm run hello.script             log CMSUSER on, type the lines of hello.script, log off
  cpvm asm hello.assemble           assemble a program: hello.text
  cpvm ipl hello.text               run it on a bare machine, no CP and no CMS
"""

_SYSTEM = "the system directory (default: CPVM_SYSTEM, or cpvm in your data directory)"

_RUN = """\
Starts the system without a terminal, logs the user on, and types each line of the script as soon as the system waits
for a line; an empty line is Enter, a line that begins with * a comment for CP or CMS. Prints the transcript. Logs off
at the end if the script does not. A script whose first line is a LOGON command logs on by itself; it may log off and
log another user on. The line after a LOGON without a password is taken as the password, and not printed.

exit status: 0, or the last nonzero return code n of a message Ready(n), 255 standing for negative codes and those
above 255; 2 if the script or the system directory cannot be used, 124 after a time-out, 125 if a LOGON was refused, the
virtual machine has stopped (disabled wait, program loop), the system ended before the script, or the script ended
within the input of a command, as of EDIT without FILE.
"""

_ASM = """\
Assembles a System/370 assembler program into an object deck of 80-byte EBCDIC cards. Macros and COPY members are looked
for in the folders given with --maclib (files NAME.macro, NAME.copy), then among those of CMS.

exit status: the assembler's return code 0, 4, 8, 12 or 16; 2 if a file cannot be read or written.
"""

_IPL = """\
IPLs a bare virtual machine from a deck of cards: files of 80-byte card images, EBCDIC or ASCII, or lines of text.
Object decks, as `cpvm asm` makes them, are linked and get a loader in front: the program runs at 1000 (hex), entered
with its save area in R13; its return ends the machine with the code in R15.
Devices: console 3215 here on 009 or as --console says, reader 00C with the deck, punch 00D, printer 00E. Ctrl-C is the
console's request key, Ctrl-C twice within a second ends the machine.

exit status: the address in the disabled wait PSW that the program ends with (255 if it is larger), 1 if the machine
ends in any other way, 2 if it cannot be IPLed.
"""


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    top = argparse.ArgumentParser(
        prog="cpvm",
        description="A VM/370 system: CP gives each user a virtual System/370, in which CMS or anything else runs.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"cpvm {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands (start, if none is given)")
    for add in (_start, _connect, _run, _asm, _ipl):
        add(commands)
    return top


def _add(
    commands: Commands, name: str, title: str, run: Callable[[argparse.Namespace], int], description: str = ""
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=title, description=description or title, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.set_defaults(run=run)
    return command


def _start(commands: Commands) -> None:
    def run(arguments: argparse.Namespace) -> int:
        from cpvm.front.start import start

        return start(arguments.system, arguments.listen)

    command = _add(commands, "start", "start the system, with a terminal here and a telnet listener", run)
    command.add_argument("--system", type=Path, metavar="DIR", help=_SYSTEM)
    command.add_argument(
        "--listen",
        type=_listen,
        default="",
        metavar="HOST:PORT",
        help="where telnet and `cpvm connect` reach it (default 127.0.0.1:3270); none: nowhere",
    )


def _connect(commands: Commands) -> None:
    def run(arguments: argparse.Namespace) -> int:
        from cpvm.front.connect import connect

        return connect(arguments.address)

    command = _add(commands, "connect", "a terminal on a running system", run)
    command.add_argument(
        "address", nargs="?", type=_address, default="", metavar="HOST:PORT", help="default 127.0.0.1:3270"
    )


def _run(commands: Commands) -> None:
    def run(arguments: argparse.Namespace) -> int:
        from cpvm.front.script import Script

        password = arguments.password or os.environ.get("CPVM_PASSWORD")
        script = Script(arguments.script, arguments.user, password, arguments.timeout)
        return script.run(arguments.system)

    command = _add(commands, "run", "type a script's lines as a user would, print the transcript", run, _RUN)
    command.add_argument("script", metavar="SCRIPT", help="the script, UTF-8 text; - for standard input")
    command.add_argument("--system", type=Path, metavar="DIR", help=_SYSTEM)
    command.add_argument("--user", metavar="USERID", help="who is logged on first (default CMSUSER)")
    command.add_argument(
        "--password",
        metavar="PASSWORD",
        help="the password; others on this computer may see it here,"
        " not in CPVM_PASSWORD (default: the userid, as at first)",
    )
    command.add_argument(
        "--timeout", type=_seconds, default=300.0, metavar="SECONDS", help="longest wait for an answer (default 300)"
    )


def _asm(commands: Commands) -> None:
    def run(arguments: argparse.Namespace) -> int:
        from cpvm.front.assemble import asm

        return asm(arguments.file, arguments.deck, arguments.listing, arguments.maclib)

    command = _add(commands, "asm", "assemble a program", run, _ASM)
    command.add_argument("file", metavar="FILE", help="the source, UTF-8 text; - for standard input")
    command.add_argument("-o", dest="deck", metavar="DECK", help="the object deck (default: NAME.text here)")
    command.add_argument("--listing", metavar="FILE", help="the listing; - for standard output (default: none)")
    command.add_argument(
        "--maclib", action="append", default=[], metavar="DIR", help="a folder of macros; may be given several times"
    )


def _ipl(commands: Commands) -> None:
    def run(arguments: argparse.Namespace) -> int:
        from cpvm.front.bare import run_decks

        return run_decks(
            arguments.files, arguments.storage, arguments.console, printer=arguments.printer, punch=arguments.punch
        )

    command = _add(commands, "ipl", "IPL a bare virtual machine from a card deck", run, _IPL)
    command.add_argument("files", nargs="+", metavar="FILE", help="decks, read one behind the other")
    command.add_argument(
        "--storage", type=_storage, default="1M", metavar="SIZE", help="bytes, with K or M: 8K to 16M (default 1M)"
    )
    command.add_argument("--engine", choices=["reference"], default="reference", help="what executes instructions")
    command.add_argument("--console", type=_device, default="009", metavar="ADDR", help="console address (default 009)")
    command.add_argument("--printer", metavar="FILE", help="where printed lines go (default: standard output)")
    command.add_argument("--punch", metavar="FILE", help="where punched cards go, 80-byte EBCDIC (default: nowhere)")


def _address(text: str) -> Address:
    from cpvm.front.start import parse_address

    try:
        return parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _listen(text: str) -> Address | None:
    return None if text.lower() == "none" else _address(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return value


def _storage(text: str) -> int:
    match = re.fullmatch(r"(\d{1,8})([KM]?)", text.upper())
    size = int(match[1]) * {"K": 1 << 10, "M": 1 << 20, "": 1}[match[2]] if match else 0
    if not (8 << 10) <= size <= (16 << 20) or size % (2 << 10):
        raise argparse.ArgumentTypeError(f"{text} is not a storage size: 8K to 16M, a multiple of 2K")
    return size


def _device(text: str) -> int:
    if not re.fullmatch(r"[0-9A-Fa-f]{1,3}", text) or int(text, 16) in (0x00C, 0x00D, 0x00E):
        raise argparse.ArgumentTypeError(f"{text} is not a free device address: 000 to FFF, not 00C, 00D or 00E")
    return int(text, 16)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `cpvm` with these arguments (default: the process's); returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version")):
        arguments.insert(0, "start")
    chosen = parser().parse_args(arguments)
    try:
        status: int = chosen.run(chosen)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough. Python must not find that out again at exit.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return status


if __name__ == "__main__":
    sys.exit(main())
