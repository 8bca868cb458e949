"""The host half of ASSEMBLE: reads source and macro libraries through the guest, assembles, hands the results back.

The conversation goes through phases; each step takes the reply to the last request and returns the next.  Macro
libraries are read piece by piece: the directory, then the members that the source (or a member) may call.  Should the
assembly ask for a member that was not foreseen, it is read and the assembly done again, so that all state is plain
data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from assembler import assemble
from assembler.assembly import Assembly
from assembler.listing import flagged, summary
from assembler.message import Message
from cms import maclib_format
from cms.commands.assemble.options import CommandError, Request, parse
from cms.host import requests
from cms.host.conversation import Conversation
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

CHUNK = requests.MAX_DATA // 80
DEFAULT_LIBRARY = "CMSLIB"
LISTING_WIDTH = 121
PRINT_ERROR = 4
"""From this return code of the printer on a line has not been printed."""


class _Missing(Exception):
    """The assembly wants a member that has not been read yet."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Members:
    """The members read so far, as the assembler's library."""

    def __init__(self, members: dict[str, list[str]], directory: dict[str, list[Any]]) -> None:
        self._members = members
        self._directory = directory

    def get(self, name: str, /) -> Sequence[str] | None:
        found = self._members.get(name)
        if found is None and name in self._directory:
            raise _Missing(name)
        return found


class Assemble(Conversation):
    """One ASSEMBLE command."""

    def __init__(self) -> None:
        super().__init__(
            line="",
            mode="A1",
            output="A1",
            items=0,
            source=[],
            libraries=[],
            library={},
            directory={},
            members={},
            wanted=[],
            sysparm="",
            actions=[],
            code=0,
        )

    def step(self, reply: bytes) -> bytes:
        """The next request."""
        try:
            return self._reply(reply)
        except CommandError as error:
            return self._finish([("type", error.message)], error.code)
        except requests.ReplyError as error:
            return self._finish([("type", f"DMSASM902S {str(error).upper()}")], 256)

    # --- command line and source --------------------------------------------------------------------------------------

    @property
    def _request(self) -> Request:
        return parse(self.state["line"])

    def _start(self, data: bytes) -> bytes:
        line = from_ebcdic(data).strip(" \0")
        _, _, operands = line.partition(" ")
        verb, mark, rest = line.partition("(")
        if mark and " " not in verb.strip():
            operands = mark + rest
        self.state["line"] = operands
        if self._request.ask_sysparm:
            return self._ask("prompted", requests.type_line("ENTER SYSPARM:"))
        self.state["sysparm"] = self._request.sysparm
        return self._find_source()

    def _prompted(self, _reply: bytes) -> bytes:
        return self._ask("sysparm", requests.read_line())

    def _sysparm(self, reply: bytes) -> bytes:
        self.state["sysparm"] = requests.text(reply).strip()
        return self._find_source()

    def _find_source(self) -> bytes:
        return self._ask("found", requests.state(requests.file_id(self._request.name, "ASSEMBLE", "*")))

    def _found(self, reply: bytes) -> bytes:
        name = self._request.name
        if requests.code(reply):
            raise CommandError(f"DMSASM002E FILE '{name} ASSEMBLE' NOT FOUND.", 28)
        file = requests.file_state(reply)
        if file.recfm != "F" or file.lrecl != 80:
            raise CommandError(f"DMSASM007E FILE '{name} ASSEMBLE {file.mode}' IS NOT FIXED, 80-CHAR. RECORDS.", 32)
        self.state["mode"] = file.mode
        self.state["output"] = f"{file.output}1"
        self.state["items"] = file.items
        return self._read_source()

    def _read_source(self) -> bytes:
        done, items = len(self.state["source"]), self.state["items"]
        if done >= items:
            return self._ask("libraries", requests.global_names("MACLIB"))
        file = requests.file_id(self._request.name, "ASSEMBLE", self.state["mode"])
        return self._ask("source", requests.read(file, done + 1, min(CHUNK, items - done)))

    def _source(self, reply: bytes) -> bytes:
        lines = _lines(reply, f"{self._request.name} ASSEMBLE")
        self.state["source"] += lines
        if not lines:
            self.state["items"] = len(self.state["source"])
        return self._read_source()

    # --- macro libraries ----------------------------------------------------------------------------------------------

    def _libraries(self, reply: bytes) -> bytes:
        named = requests.names(reply) if not requests.code(reply) else []
        self.state["libraries"] = [*named, *([DEFAULT_LIBRARY] if DEFAULT_LIBRARY not in named else [])]
        return self._next_library()

    def _next_library(self) -> bytes:
        if not self.state["libraries"]:
            self._foresee(self.state["source"])
            return self._next_member()
        name = self.state["libraries"].pop(0)
        self.state["library"] = {"name": name}
        return self._ask("library", requests.state(requests.file_id(name, "MACLIB", "*")))

    def _library(self, reply: bytes) -> bytes:
        library = self.state["library"]
        if requests.code(reply):
            if library["name"] == DEFAULT_LIBRARY:
                return self._next_library()
            return self._ask("skipped", requests.type_line(f"DMSASM002W FILE '{library['name']} MACLIB' NOT FOUND."))
        file = requests.file_state(reply)
        library.update(mode=file.mode, items=file.items, start=0, rows=[])
        return self._ask("header", requests.read(requests.file_id(library["name"], "MACLIB", file.mode), 1, 1))

    def _skipped(self, _reply: bytes) -> bytes:
        return self._next_library()

    def _header(self, reply: bytes) -> bytes:
        library = self.state["library"]
        lines = _records(reply, f"{library['name']} MACLIB")
        if not lines or lines[0][:6] != maclib_format.HEADER:
            return self._damaged()
        library["header"] = lines[0].hex()
        library["start"] = int.from_bytes(lines[0][6:8], "big")
        return self._read_directory()

    def _read_directory(self) -> bytes:
        library = self.state["library"]
        first = library["start"] + len(library["rows"])
        if first > library["items"]:
            return self._take_directory()
        file = requests.file_id(library["name"], "MACLIB", library["mode"])
        return self._ask("directory", requests.read(file, first, min(CHUNK, library["items"] - first + 1)))

    def _directory(self, reply: bytes) -> bytes:
        library = self.state["library"]
        rows = [row.hex() for row in _records(reply, f"{library['name']} MACLIB")]
        if not rows:
            return self._damaged()
        library["rows"] += rows
        return self._read_directory()

    def _take_directory(self) -> bytes:
        library = self.state["library"]
        rows = [bytes.fromhex(row) for row in library["rows"]]
        body = [b""] * max(library["start"] - 2, 0)
        try:
            members = maclib_format.directory([bytes.fromhex(library["header"]), *body, *rows])
        except maclib_format.MaclibError:
            return self._damaged()
        for member, (first, count) in members.items():
            self.state["directory"].setdefault(member, [library["name"], library["mode"], first, count])
        return self._next_library()

    def _damaged(self) -> bytes:
        name = self.state["library"]["name"]
        return self._ask(
            "skipped", requests.type_line(f"DMSASM056E FILE '{name} MACLIB' CONTAINS INVALID RECORD FORMATS.")
        )

    def _foresee(self, lines: list[str]) -> None:
        """Note the members that these lines call or copy."""
        known, wanted = self.state["members"], self.state["wanted"]
        for line in lines:
            if line[:1] in ("*", "."):
                continue
            words = line[:71].upper().split(None, 3 if line[:1] != " " else 2)
            if line[:1] != " ":
                words = words[1:]
            names = words[:1] + (words[1:2] if words[:1] == ["COPY"] else [])
            for name in names:
                if name in self.state["directory"] and name not in known and name not in wanted:
                    wanted.append(name)

    def _next_member(self) -> bytes:
        while self.state["wanted"]:
            name = self.state["wanted"][0]
            library, mode, first, count = self.state["directory"][name]
            done = len(self.state["members"].setdefault(name, []))
            if done < count:
                file = requests.file_id(library, "MACLIB", mode)
                return self._ask("member", requests.read(file, first + done, min(CHUNK, count - done)))
            self.state["wanted"].pop(0)
            self._foresee(self.state["members"][name])
        return self._assemble()

    def _member(self, reply: bytes) -> bytes:
        name = self.state["wanted"][0]
        library = self.state["directory"][name]
        lines = _lines(reply, f"{library[0]} MACLIB")
        self.state["members"][name] += lines
        if not lines:
            library[3] = len(self.state["members"][name])
        return self._next_member()

    # --- assembly -----------------------------------------------------------------------------------------------------

    def _assemble(self) -> bytes:
        request = self._request
        now = datetime.now()
        options = replace(request.options, date=now.strftime("%m/%d/%y"), time=now.strftime("%H.%M"))
        members = _Members(self.state["members"], self.state["directory"])
        try:
            done = assemble(self.state["source"], library=members, sysparm=self.state["sysparm"], options=options)
        except _Missing as missing:
            self.state["wanted"].append(missing.name)
            return self._next_member()
        return self._finish(_actions(done, request, self.state["output"], self.state["source"]), done.return_code)

    def _finish(self, actions: list[tuple[str, Any]], code: int) -> bytes:
        """Carry out actions one by one, then leave with the return code."""
        self.state["actions"] = [list(action) for action in actions]
        self.state["code"] = code
        self.state["phase"] = "acted"
        return self._act()

    def _act(self) -> bytes:
        actions = self.state["actions"]
        if not actions:
            return requests.leave(self.state["code"])
        kind, operand = actions[0]
        if kind == "type":
            return requests.type_line(operand)
        if kind == "print":
            return requests.print_lines(operand)
        if kind == "command":
            return requests.command(*operand)
        name, filetype, mode = operand[:3]
        file = requests.file_id(name, filetype, mode)
        if kind == "write":
            return requests.write(file, "F", [bytes.fromhex(record) for record in operand[3]])
        return requests.close(file) if kind == "close" else requests.erase(file)

    def _acted(self, reply: bytes) -> bytes:
        actions = self.state["actions"]
        kind, operand = actions.pop(0)
        code = requests.code(reply) if kind in ("write", "print") else 0
        if kind == "print":
            if code < PRINT_ERROR:
                return self._act()
            name = f"{self._request.name} LISTING"
            return self._finish([("type", f"DMSASM123S ERROR PRINTING FILE '{name}'.")], 100)
        if code == 12 and operand[2][:1] != "A":
            # The disk of the source is read-only: everything goes to the A-disk instead.
            actions.insert(0, [kind, operand])
            for _, later in actions:
                if isinstance(later, list) and len(later) >= 3 and later[2] == operand[2]:
                    later[2] = "A1"
            actions.insert(0, ["erase", [operand[0], operand[1], "A1"]])
        elif code in (4, 12, 36):
            return self._finish([("type", "DMSASM006E NO READ/WRITE DISK ACCESSED.")], 36)
        elif code:
            fileid = f"{operand[0]} {operand[1]} {operand[2]}"
            message = f"DMSASM105S ERROR '{code}' WRITING FILE '{fileid}' ON DISK."
            return self._finish([("erase", operand[:3]), ("type", message)], 100)
        return self._act()


# --- pieces -----------------------------------------------------------------------------------------------------------


def _records(reply: bytes, file: str) -> list[bytes]:
    code = requests.code(reply)
    if code:
        raise CommandError(f"DMSASM104S ERROR '{code}' READING FILE '{file}' FROM DISK.", 100)
    return requests.records(reply)


def _lines(reply: bytes, file: str) -> list[str]:
    return [from_ebcdic(record) for record in _records(reply, file)]


def _actions(done: Assembly, request: Request, mode: str, source: Sequence[str]) -> list[tuple[str, Any]]:
    """What is to be done with the results of an assembly, which go to the disk `mode`."""
    options = request.options
    actions: list[tuple[str, Any]] = []
    for kind in ("TEXT", "LISTING"):
        actions.append(("erase", [request.name, kind, mode]))
    if options.object or options.deck:
        actions += _file(request.name, "TEXT", mode, done.deck)
    if options.deck:
        actions.append(("command", ["PUNCH", request.name, "TEXT", mode, "(", "NOHEADER"]))
        if not options.object:
            actions.append(("erase", [request.name, "TEXT", mode]))
    if request.print_ == "DISK":
        records = [to_ebcdic(line[:LISTING_WIDTH].ljust(LISTING_WIDTH)) for line in done.listing]
        actions += _file(request.name, "LISTING", mode, records)
    elif request.print_ == "PRINT":
        lines, at_once = done.listing, requests.LINES
        actions += [("print", lines[at : at + at_once]) for at in range(0, len(lines), at_once)]
        actions.append(("command", ["CP", "CLOSE", "PRT", "NAME", request.name, "LISTING"]))
    if options.terminal:
        actions.append(("type", "ASSEMBLER (XF) DONE"))
        for message in flagged(done):
            numbers = f"{message.statement:>5} " if options.stmt else ""
            if options.number and not message.file and 0 < message.line <= len(source):
                sequence = source[message.line - 1][72:80].strip()
                numbers = f"{sequence:<8} {numbers}" if sequence else numbers
            actions += [("type", line) for line in _flagged(message, numbers)]
        count, highest = summary(done)
        actions.append(("type", count.strip()))
        if done.return_code:
            actions.append(("type", highest))
    return actions


def _flagged(message: Message, numbers: str) -> list[str]:
    """A message at the terminal: the statement, then what is wrong with it and in which column.

    NUMBER has put the number in columns 73 to 80 of the source in front, STMT that of the statement.
    """
    where = f"  COLUMN {message.column}" if message.column else ""
    chain = f"  IN {' IN '.join(message.chain)}" if message.chain else ""
    number = message.number if message.number != "MNOTE" else f"MNOTE {message.severity},"
    return [f"{numbers}{message.source[:71]}".rstrip(), f"      {number} {message.text}{where}{chain}"]


def _file(name: str, kind: str, mode: str, records: list[bytes]) -> list[tuple[str, Any]]:
    """Write a file of fixed-length records in pieces that fit a request, and close it."""
    at_once = max(requests.MAX_DATA // len(records[0]), 1)
    pieces = [records[at : at + at_once] for at in range(0, len(records), at_once)]
    actions: list[tuple[str, Any]] = [
        ("write", [name, kind, mode, [record.hex() for record in piece]]) for piece in pieces
    ]
    return [*actions, ("close", [name, kind, mode])]
