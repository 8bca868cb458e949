"""The command line: `cpvm` and its subcommands. What each one does is in `cpvm.front`, imported when it is used."""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import io
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cpvm import __version__
from cpvm.front.enginehelp import HELP
from cpvm.front.status import USAGE

if TYPE_CHECKING:
    from cpvm.front.address import Address

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


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """End the process with exit status 2."""
        self.exit(USAGE, f"{self.prog}: {message}; {self.prog} --help tells more\n")


if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Parser]


_OWN = {
    "asm": ("cpvm.front.assemble", "assemble a program: an object deck or a storage image, a listing"),
    "link": ("cpvm.front.linking", "join object decks and libraries into a CMS module, an image or one deck"),
    "ipl": ("cpvm.front.iplargs", "run a deck, or IPL an operating system, on a bare virtual machine"),
    "directory": ("cpvm.front.directory", "the users of a system and their machines, as source statements"),
    "disk": ("cpvm.front.disk", "make disk images, look into them, convert and compare them"),
    "journal": ("cpvm.front.journal", "who logged on, tried to, linked disks, or used privileged commands"),
    "nss": ("cpvm.front.nss", "saved systems and segments: list, import, export, purge"),
    "get": ("cpvm.front.transferget", "get files of a user of a running system, by IND$FILE"),
    "put": ("cpvm.front.transferput", "put files onto a disk of a user of a running system, by IND$FILE"),
    "read": ("cpvm.front.read", "put host files into a user's card reader"),
    "tape": ("cpvm.front.tape", "make tape images, look into them, put files on and off, convert them"),
    "user": ("cpvm.front.user", "add and remove users of a system, and give them passwords"),
}
"""Commands whose arguments are told where they are carried out: a module with `add_arguments(parser)` and
`run(arguments) -> exit status`, and what the list of commands says."""


def parser(chosen: str = "") -> argparse.ArgumentParser:
    """The grammar of the command line; that of a command of `_OWN` is complete only if it is the one chosen."""
    top = Parser(
        prog="cpvm",
        description="A VM/370 system: CP gives each user a virtual System/370, in which CMS or anything else runs.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"cpvm {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands (start, if none is given)")
    _start(commands, chosen == "start")
    for add in (_connect, _run):
        add(commands)
    for name, (module, title) in _OWN.items():
        _own(commands, name, title, module if name == chosen else "")
    return top


def _own(commands: Commands, name: str, title: str, module: str) -> None:
    command = commands.add_parser(
        name, help=title, description=title, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if module:
        there = importlib.import_module(module)
        there.add_arguments(command)
        command.set_defaults(run=there.run)


def _add(
    commands: Commands, name: str, title: str, run: Callable[[argparse.Namespace], int], description: str = ""
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=title, description=description or title, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.set_defaults(run=run)
    return command


def _start(commands: Commands, chosen: bool) -> None:
    def run(arguments: argparse.Namespace) -> int:
        from cpvm.front.start import start
        from cpvm.front.startprompt import spool_start

        if not _plugged("start", arguments.plugin):
            return USAGE
        spool = spool_start(arguments.start, arguments.drain)
        return start(
            arguments.system, arguments.listen, arguments.rebuild_cms, arguments.engine, spool, arguments=arguments
        )

    command = _add(commands, "start", "start the system, with a terminal here and a telnet listener", run)
    command.add_argument("--system", type=Path, metavar="DIR", help=_SYSTEM)
    _plugins(command, "devices, instructions, DIAGNOSE codes or CP commands")
    _engine(command)
    command.add_argument(
        "--listen",
        type=_listen,
        default="",
        metavar="HOST:PORT",
        help="where telnet and `cpvm connect` reach it (default 127.0.0.1:3270); none: nowhere",
    )
    _display(command, "begin as a 3270 in this window; Ctrl-T turns it into lines and back")
    command.add_argument(
        "--start",
        choices=("warm", "ckpt", "force", "cold", "ask"),
        default="warm",
        help="the spool: as it was (warm, the default); ckpt: files that are not whole are held; force: they are"
        " purged; cold: all files are purged; ask: ask the operator",
    )
    command.add_argument("--drain", action="store_true", help="printers, punches and readers wait for START")
    command.add_argument(
        "--rebuild-cms",
        action="store_true",
        help="first make MAINT's 190, the CMS system disk, anew, as after an upgrade; files that MAINT put there stay,"
        " and so do all users' disks and the spool",
    )
    if chosen:
        _services(command)


def _services(command: argparse.ArgumentParser) -> None:
    from cpvm.front.services import discovered

    for service in discovered():
        group = command.add_argument_group(service.help)
        group.add_argument(
            f"--{service.name}",
            type=functools.partial(_address, default_port=service.port),
            nargs="?",
            const=service.default,
            metavar="HOST:PORT",
            help=f"default {service.default}",
        )
        service.add_arguments(group)


def _connect(commands: Commands) -> None:
    def run(arguments: argparse.Namespace) -> int:
        from cpvm.front.connect import Wishes, connect
        from cpvm.front.tlsclient import Trust

        secure = arguments.tls or arguments.tls_ca or arguments.tls_fingerprint
        trust = Trust(arguments.tls_ca, arguments.tls_fingerprint or "") if secure else None
        full = arguments.full or bool(arguments.lu)
        return connect(arguments.address, Wishes(full, arguments.model, arguments.lu or "", trust, arguments.lines))

    command = _add(commands, "connect", "a terminal on a running system", run)
    command.add_argument(
        "address", nargs="?", type=_address, default="", metavar="HOST:PORT", help="default 127.0.0.1:3270"
    )
    _display(command, "be a 3270, by TN3270E or TN3270, on this or any other host")
    command.add_argument("--lu", type=_lu, metavar="NAME", help="the line or LU that the 3270 asks for")
    command.add_argument("--tls", action="store_true", help="connect with TLS")
    command.add_argument("--tls-ca", type=Path, metavar="FILE", help="the same; trust this certificate or issuer (PEM)")
    command.add_argument(
        "--tls-fingerprint",
        type=_fingerprint,
        metavar="SHA256",
        help="the same; trust only the certificate with this fingerprint",
    )


def _display(command: argparse.ArgumentParser, what: str) -> None:
    looks = command.add_mutually_exclusive_group()
    looks.add_argument("--3270", dest="full", action="store_true", help=what)
    looks.add_argument(
        "--lines", action="store_true", help="stay with lines: to programs the terminal is none that has a screen"
    )
    command.add_argument(
        "--model",
        type=_model,
        metavar="MODEL",
        help="of the 3270: 2 to 5, or ROWSxCOLUMNS (default: the largest model for which the window has room)",
    )


def _model(text: str) -> tuple[int, int]:
    from cpvm.terminal.vt import model_size

    try:
        return model_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _lu(text: str) -> str:
    if not (1 <= len(text) <= 8 and text.isascii() and text.isprintable() and " " not in text):
        raise argparse.ArgumentTypeError(f"{text} is no name: it has 1 to 8 characters")
    return text.upper()


def _fingerprint(text: str) -> str:
    from cpvm.front.tlsclient import parse_fingerprint

    try:
        return parse_fingerprint(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _run(commands: Commands) -> None:
    def run(arguments: argparse.Namespace) -> int:
        from cpvm.front.script import Script

        if not _plugged("run", arguments.plugin):
            return USAGE
        password = arguments.password or os.environ.get("CPVM_PASSWORD")
        script = Script(arguments.script, arguments.user, password, arguments.timeout, arguments.engine)
        return script.run(arguments.system)

    command = _add(commands, "run", "type a script's lines as a user would, print the transcript", run, _RUN)
    command.add_argument("script", metavar="SCRIPT", help="the script, UTF-8 text; - for standard input")
    command.add_argument("--system", type=Path, metavar="DIR", help=_SYSTEM)
    _plugins(command, "devices, instructions, DIAGNOSE codes or CP commands")
    _engine(command)
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


def _plugins(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE",
        help=f"a Python file that defines {what}; may be given several times",
    )


def _engine(command: argparse.ArgumentParser) -> None:
    command.add_argument("--engine", type=_engine_name, default="auto", metavar="ENGINE", help=HELP)


def _engine_name(text: str) -> str:
    from cpvm.machine.engines import ENGINES

    if text not in ENGINES:
        raise argparse.ArgumentTypeError(f"there is no engine {text}: it is one of {', '.join(ENGINES)}")
    return text


def _plugged(command: str, files: Sequence[str]) -> bool:
    from cpvm.front.plugging import plugged

    return plugged(command, files)


def _address(text: str, default_port: int | None = None) -> Address:
    from cpvm.front.address import DEFAULT_PORT, parse_address

    try:
        return parse_address(text, DEFAULT_PORT if default_port is None else default_port)
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run `cpvm` with these arguments (default: the process's); returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version")):
        arguments.insert(0, "start")
    chosen = parser(arguments[0]).parse_args(arguments)
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
    except (MemoryError, RuntimeError, sqlite3.Error) as error:
        from cpvm.cp.hosttrouble import words

        if not (refused := words(error)):
            raise
        print(f"cpvm: {refused.lower()}", file=sys.stderr)
        return USAGE
    return status


if __name__ == "__main__":
    sys.exit(main())
