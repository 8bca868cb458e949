"""The command line: `cpvm` and its subcommands. What each one does is in `cpvm.front`, imported when it is used."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cpvm import __version__
from cpvm.front.status import USAGE

if TYPE_CHECKING:
    from cpvm.front.ipl import Core
    from cpvm.front.start import Address
    from cpvm.s370.psw import PSW

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
Runs a program on a bare virtual machine, with no CP and no CMS, from

  a deck   FILE...: 80-byte card images, EBCDIC or ASCII, or lines of text.
           Object decks, as `cpvm asm` makes them, are linked and get a loader
           in front: the program runs at 1000 (hex), entered with its save area
           in R13 and its return address in R14; its return ends the machine
           with the code in R15.
  storage  --core FILE@ADDR: the bytes of a file, put at an address; repeat it
           for more of them. The machine begins with the PSW of --psw, or with
           that at location 0. Decks are then cards that the program can read.
  a state  --restore FILE: a machine goes on from where --save left it. Decks
           are the cards still in its reader.

Devices: console 3215 on 009, here; reader 2540 on 00C, punch 2540 on 00D,
printer 1403 on 00E. A line that is typed ends the console's read, or waits for
one and gives attention. Ctrl-C is the request key; Ctrl-C twice within a second
ends the machine. At the end of input a read ends with unit exception; the
machine ends when it reads on.

How the machine ended is told on standard error, with its PSW and the number of
instructions. Addresses, PSWs and devices are hexadecimal, all else is decimal.
"""

_IPL_STATUS = """\
exit status:
  0-255  disabled wait: the address in its PSW, the wait code; 255 for those
         above 255
  0      stopped at the address of --stop
  2      nothing was run: a wrong option or file, or the IPL failed; or a file
         could not be written
  124    --max instructions were executed
  125    any other end: program interruption loop, invalid PSW, waiting for
         input that has ended
  130    ended by Ctrl-C

examples:
  cpvm ipl hello.text                   run an object deck
  cpvm ipl hello.text --trace           and see each instruction
  cpvm ipl hello.text --stop 1010 --registers --save at1010
                                        run as far as 1010
  cpvm ipl --restore at1010 --max 5 --trace
                                        and five instructions more
  cpvm ipl --core dump.bin@2000 --psw 0000000000002000
                                        a raw image, entered at its first byte
"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """End the process with exit status 2."""
        self.exit(USAGE, f"{self.prog}: {message}; {self.prog} --help tells more\n")


if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Parser]


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    top = Parser(
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

        return start(arguments.system, arguments.listen, arguments.rebuild_cms)

    command = _add(commands, "start", "start the system, with a terminal here and a telnet listener", run)
    command.add_argument("--system", type=Path, metavar="DIR", help=_SYSTEM)
    command.add_argument(
        "--listen",
        type=_listen,
        default="",
        metavar="HOST:PORT",
        help="where telnet and `cpvm connect` reach it (default 127.0.0.1:3270); none: nowhere",
    )
    command.add_argument(
        "--rebuild-cms",
        action="store_true",
        help="first make MAINT's 190, the CMS system disk, anew, as after an upgrade; files that MAINT put there stay,"
        " and so do all users' disks and the spool",
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
        from cpvm.front.ipl import Options, ipl

        decks, trace = arguments.files, arguments.trace
        if trace not in (None, "-") and not (decks or arguments.core or arguments.restore):
            decks, trace = [trace], "-"  # `--trace DECK`
        return ipl(
            Options(
                decks=decks,
                cores=arguments.core,
                psw=arguments.psw,
                restore=arguments.restore,
                save=arguments.save,
                storage=arguments.storage,
                console=arguments.console,
                printer=arguments.printer,
                punch=arguments.punch,
                trace=trace,
                stop=arguments.stop,
                limit=arguments.max,
                registers=arguments.registers,
            )
        )

    command = _add(commands, "ipl", "run a program on a bare virtual machine, from a card deck", run, _IPL)
    command.epilog = _IPL_STATUS
    program = command.add_argument_group("the program")
    program.add_argument("files", nargs="*", metavar="FILE", help="decks, read one behind the other")
    program.add_argument(
        "--core", action="append", default=[], type=_core, metavar="FILE@ADDR", help="storage contents, and where"
    )
    program.add_argument("--psw", type=_psw, metavar="HEX", help="the first PSW, 16 digits, BC or EC mode")
    program.add_argument("--restore", metavar="FILE", help="go on with a machine that --save saved")
    machine = command.add_argument_group("the machine")
    machine.add_argument("--storage", type=_storage, metavar="SIZE", help="8K to 16M, with K or M (default 1M)")
    machine.add_argument("--console", type=_device, metavar="ADDR", help="console address (default 009)")
    machine.add_argument("--printer", metavar="FILE", help="where printed lines go (default: standard output)")
    machine.add_argument("--punch", metavar="FILE", help="where punched cards go, 80-byte EBCDIC (default: nowhere)")
    machine.add_argument("--engine", choices=["reference"], default="reference", help="what executes instructions")
    watching = command.add_argument_group("watching it")
    watching.add_argument(
        "--trace",
        nargs="?",
        const="-",
        metavar="FILE",
        help="each instruction: address, bytes, mnemonic and operands, changed registers and condition code, "
        "interruptions (to standard error if no FILE follows)",
    )
    watching.add_argument("--registers", action="store_true", help="show PSW, registers and clocks at the end")
    watching.add_argument("--stop", type=_hexadecimal, metavar="ADDR", help="end before the instruction at ADDR")
    watching.add_argument("--max", type=_count, metavar="N", help="end after N instructions")
    watching.add_argument("--save", metavar="FILE", help="save the machine as it is at the end, for --restore")


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


def _hexadecimal(text: str) -> int:
    if not re.fullmatch(r"[0-9A-Fa-f]{1,6}", text):
        raise argparse.ArgumentTypeError(f"{text} is not an address: 0 to FFFFFF, hexadecimal")
    return int(text, 16)


def _core(text: str) -> Core:
    from cpvm.front.ipl import Core

    file, _, address = text.rpartition("@")
    if not file:
        raise argparse.ArgumentTypeError(f"{text} is not FILE@ADDR, such as image.bin@1000")
    return Core(file, _hexadecimal(address))


def _psw(text: str) -> PSW:
    from cpvm.s370.psw import PSW

    digits = "".join(text.split())
    if not re.fullmatch(r"[0-9A-Fa-f]{16}", digits):
        raise argparse.ArgumentTypeError(f"{text} is not a PSW: 16 hexadecimal digits")
    return PSW.from_bytes(bytes.fromhex(digits))


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise argparse.ArgumentTypeError(f"{text} is not a number of instructions")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `cpvm` with these arguments (default: the process's); returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version")):
        arguments.insert(0, "start")
    chosen = parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not every screen has every character of EBCDIC
    try:
        status: int = chosen.run(chosen)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            with contextlib.suppress(OSError):
                print(f"cpvm: {error.filename or 'cannot write'}: {error.strerror or error}", file=sys.stderr)
        # Whoever read our output has enough. Python must not find that out again at exit.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141 if isinstance(error, BrokenPipeError) else USAGE
    return status


if __name__ == "__main__":
    sys.exit(main())
