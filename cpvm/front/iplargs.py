"""The arguments of `cpvm ipl`."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cpvm.front.enginehelp import HELP
from cpvm.front.ipl import ipl
from cpvm.front.iplmachine import Core, Options
from cpvm.front.plugging import plugged
from cpvm.front.status import USAGE
from cpvm.machine.configure import ConfigurationError, parse_address
from cpvm.machine.device import Device, device_types
from cpvm.machine.engines import AUTO, ENGINES
from cpvm.s370.psw import PSW

_IPL = """\
Runs a program, or an operating system, on a bare virtual machine, with no CP
and no CMS. It comes from

  a deck   FILE...: 80-byte card images, EBCDIC or ASCII, or lines of text.
           Object decks, as `cpvm asm` makes them, are linked and get a loader
           in front: the program runs at 1000 (hex), entered with its save area
           in R13 and its return address in R14; its return ends the machine
           with the code in R15.
  a device --device ADDR,TYPE,FILE: a tape, a disk, cards. IPL is from the
           device at --ipl ADDR, or from the first one that has something to
           load. Decks are then cards for the standard reader.
  storage  --core FILE@ADDR: the bytes of a file, put at an address; repeat it
           for more of them. The machine begins with the PSW of --psw, or with
           that at location 0. Decks are then cards that the program can read.
  a state  --restore FILE: a machine goes on from where --save left it; give
           the same --device again. Decks are the cards still in its reader.

Standard devices: console 3215 on 009, here; reader 2540 on 00C, punch 2540 on
00D, printer 1403 on 00E. A --device at one of these addresses takes its place,
a --device of type 1052, 3210 or 3215 that of the console.

A line that is typed ends the console's read, or waits for one and gives
attention. On a terminal a line that begins with % is for the machine's panel:
%help lists what one can do there, such as %mount 00C job.txt. Ctrl-C is the
request key; Ctrl-C twice within a second ends the machine. At the end of input
a read ends with unit exception; the machine ends when it reads on.

How the machine ended is told on standard error, with its PSW and the number of
instructions. Addresses, PSWs and devices are hexadecimal, all else is decimal.
"""

_IPL_STATUS = """\
exit status:
  0-255  disabled wait: the address in its PSW, the wait code; 255 for those
         above 255; or the number behind `quit`
  0      stopped at the address of --stop; `quit`
  2      nothing was run: a wrong option or file, or the IPL failed; or a file
         could not be written
  124    --max instructions were executed; what a script waits for did not come
         in time
  125    any other end: program interruption loop, invalid PSW, waiting for
         input that has ended, a script that could not be carried on
  130    ended by Ctrl-C

examples:
  cpvm ipl hello.text                   run an object deck
  cpvm ipl hello.text --trace           and see each instruction
  cpvm ipl --device 180,3420,sys.aws,ro --device 190,3350,disk.cckd
           --device 01F,1052 --device 00E,1403,listing.txt --ipl 180 job.txt
                                        IPL a tape, with a disk, a console, and
                                        a job in the reader
  cpvm ipl hello.text --stop 1010 --registers --save at1010
                                        run as far as 1010
  cpvm ipl --restore at1010 --max 5 --trace
                                        and five instructions more
  cpvm ipl --core dump.bin@2000 --psw 2000
                                        a raw image, entered at its first byte
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Fill the grammar of the command."""
    command.description, command.epilog = _IPL, _IPL_STATUS
    program = command.add_argument_group("the program")
    program.add_argument("files", nargs="*", metavar="FILE", help="decks, read one behind the other")
    program.add_argument(
        "--core", action="append", default=[], type=_core, metavar="FILE@ADDR", help="storage contents, and where"
    )
    program.add_argument(
        "--psw",
        type=_psw,
        metavar="HEX",
        help="the first PSW: 16 digits, BC or EC mode, or an address of up to 6: supervisor state, nothing enabled",
    )
    program.add_argument("--restore", metavar="FILE", help="go on with a machine that --save saved")
    program.add_argument("--ipl", type=_address, metavar="ADDR", help="IPL from the device at this address")
    machine = command.add_argument_group("the machine")
    machine.add_argument("--storage", type=_storage, metavar="SIZE", help="8K to 16M, with K or M (default 1M)")
    machine.add_argument(
        "--device",
        action="append",
        default=[],
        metavar="ADDR,TYPE[,FILE][,OPTION]...",
        help="a device, such as 180,3420,sys.aws,ro; may be given several times. A comma in a file name is \\,",
    )
    machine.add_argument(
        "--list-devices", action="store_true", help="show the types of devices with their files and options, and end"
    )
    machine.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE",
        help="a Python file that defines devices, instructions or DIAGNOSE codes; may be given several times",
    )
    machine.add_argument("--bare", action="store_true", help="no standard devices: only those of --device")
    machine.add_argument("--console", type=_console, metavar="ADDR", help="console address (default 009)")
    machine.add_argument("--printer", metavar="FILE", help="where printed lines go (default: standard output)")
    machine.add_argument("--punch", metavar="FILE", help="where punched cards go, 80-byte EBCDIC (default: nowhere)")
    speed = machine.add_mutually_exclusive_group()
    speed.add_argument(
        "--immediate",
        action="store_true",
        default=None,
        help="I/O operations end at once (as they do if there is no --device)",
    )
    speed.add_argument(
        "--timed",
        action="store_false",
        dest="immediate",
        default=None,
        help="I/O operations take as long as on real devices, by the machine's own clock (as they do with --device)",
    )
    machine.add_argument(
        "--selector",
        type=_channels,
        default=(),
        metavar="N[,N]...",
        help="channels 1-F that are selector channels; 0 is a byte multiplexer, the others are block multiplexers",
    )
    machine.add_argument(
        "--tod", type=_time, metavar="TIME", help="set the TOD clock, UTC: 1976-05-01 or 1976-05-01T08:00:00"
    )
    machine.add_argument(
        "--own-clock",
        action="store_true",
        help="let the TOD clock go with the machine's own time, which skips ahead while it waits for a timer: with"
        " --tod, a run with a script is the same each time, and idle hours take no time",
    )
    machine.add_argument("--engine", choices=ENGINES, default=AUTO, help=HELP)
    operating = command.add_argument_group("operating it")
    operating.add_argument("--script", metavar="FILE", help="let a script operate it; - for standard input")
    operating.add_argument(
        "--script-help", action=_ScriptHelp, help="show what can be said in scripts and at the panel, and end"
    )
    operating.add_argument(
        "--escape",
        type=_escape,
        metavar="CHAR",
        help="what typed lines begin with that are for the panel (default %% on a terminal); none: no line is",
    )
    operating.add_argument(
        "--stay", action="store_true", help="wait for the operator when the machine has ended, to IPL or restart it"
    )
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
    watching.add_argument(
        "--stats", action="store_true", help="show at the end how many instructions were executed, how, and how fast"
    )
    watching.add_argument("--stop", type=_hexadecimal, metavar="ADDR", help="end before the instruction at ADDR")
    watching.add_argument("--max", type=_count, metavar="N", help="end after N instructions")
    watching.add_argument("--save", metavar="FILE", help="save the machine as it is at the end, for --restore")


def run(arguments: argparse.Namespace) -> int:
    """Carry it out; returns the exit status."""
    if not plugged("ipl", arguments.plugin, tell=True):
        return USAGE
    if arguments.list_devices:
        _list_devices()
        return 0
    decks, trace = arguments.files, arguments.trace
    if trace not in (None, "-") and not (decks or arguments.core or arguments.restore or arguments.device):
        decks, trace = [trace], "-"  # `--trace DECK`
    return ipl(
        Options(
            decks=decks,
            cores=arguments.core,
            psw=arguments.psw,
            devices=arguments.device,
            ipl=arguments.ipl,
            standard=not arguments.bare,
            immediate=arguments.immediate,
            selectors=arguments.selector,
            script=arguments.script,
            escape=arguments.escape,
            stay=arguments.stay,
            restore=arguments.restore,
            save=arguments.save,
            storage=arguments.storage,
            tod=arguments.tod,
            own_clock=arguments.own_clock,
            engine=arguments.engine,
            console=arguments.console,
            printer=arguments.printer,
            punch=arguments.punch,
            trace=trace,
            stop=arguments.stop,
            limit=arguments.max,
            registers=arguments.registers,
            stats=arguments.stats,
        )
    )


def _storage(text: str) -> int:
    match = re.fullmatch(r"(\d{1,8})([KM]?)", text.upper())
    size = int(match[1]) * {"K": 1 << 10, "M": 1 << 20, "": 1}[match[2]] if match else 0
    if not (8 << 10) <= size <= (16 << 20) or size % (2 << 10):
        raise argparse.ArgumentTypeError(f"{text} is not a storage size: 8K to 16M, a multiple of 2K")
    return size


def _address(text: str) -> int:
    try:
        return parse_address(text)
    except ConfigurationError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _channels(text: str) -> Sequence[int]:
    if not re.fullmatch(r"[1-9A-Fa-f](,[1-9A-Fa-f])*", text):
        raise argparse.ArgumentTypeError(f"{text}: channels are 1 to F, such as 1 or 1,2")
    return tuple(int(channel, 16) for channel in text.split(","))


def _time(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a time such as 1976-05-01T08:00:00") from None
    if not 1900 <= value.year <= 2041:
        raise argparse.ArgumentTypeError(f"{text}: the TOD clock has the years from 1900 to 2041")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _escape(text: str) -> str:
    if text.lower() == "none":
        return ""
    if len(text) != 1 or text.isspace():
        raise argparse.ArgumentTypeError(f"{text} is not one character")
    return text


def _list_devices() -> None:
    """Print the types of devices."""
    by_class: dict[type[Device], list[str]] = {}
    for name, cls in device_types().items():
        by_class.setdefault(cls, []).append(name)
    for cls, names in sorted(by_class.items(), key=lambda item: (item[0].kind, item[1])):
        text = (cls.configure.__doc__ or "").strip().split("\n\n")[0]
        print(f"{cls.kind}: {' '.join(sorted(names))}")
        print(textwrap.fill(" ".join(text.split()), 79, initial_indent="    ", subsequent_indent="    "))


class _ScriptHelp(argparse.Action):
    """Prints the language of scripts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, nargs=0)

    def __call__(self, parser: argparse.ArgumentParser, *arguments: object) -> None:
        from cpvm.front.operate import panel, statements

        print("Statements of scripts, one a line; a line that begins with # is a comment:\n")
        print("\n".join(statements.explanation()))
        print("\nAnd the operations of the panel:\n")
        print("\n".join(line for line in panel.explanation() if line.split()[0] not in statements.STATEMENTS))
        parser.exit()


def _console(text: str) -> int:
    if not re.fullmatch(r"[0-9A-Fa-f]{1,3}", text) or int(text, 16) in (0x00C, 0x00D, 0x00E):
        raise argparse.ArgumentTypeError(f"{text} is not a free device address: 000 to FFF, not 00C, 00D or 00E")
    return int(text, 16)


def _hexadecimal(text: str) -> int:
    if not re.fullmatch(r"[0-9A-Fa-f]{1,6}", text):
        raise argparse.ArgumentTypeError(f"{text} is not an address: 0 to FFFFFF, hexadecimal")
    return int(text, 16)


def _core(text: str) -> Core:
    file, _, address = text.rpartition("@")
    if not file:
        raise argparse.ArgumentTypeError(f"{text} is not FILE@ADDR, such as image.bin@1000")
    return Core(file, _hexadecimal(address))


def _psw(text: str) -> PSW:
    digits = "".join(text.split())
    if re.fullmatch(r"[0-9A-Fa-f]{1,6}", digits):
        digits = digits.rjust(16, "0")
    if not re.fullmatch(r"[0-9A-Fa-f]{16}", digits):
        raise argparse.ArgumentTypeError(f"{text} is not a PSW: 16 hexadecimal digits, or 1 to 6 of an address")
    return PSW.from_bytes(bytes.fromhex(digits))


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise argparse.ArgumentTypeError(f"{text} is not a number of instructions")
    return int(text)
