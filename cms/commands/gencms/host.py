"""The host half of GENCMS: assembles and links a nucleus and its segment from sources that the guest reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from assembler.assembly import Assembly, assemble
from assembler.library import Members
from cms import maclib_format, nucleus_image, segment_image, sourcedisk
from cms.host import requests
from cms.host.conversation import Conversation
from cms.nucleus_image import Nucleus
from cms.source import ERROR, BuildError
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

CHUNK = requests.MAX_DATA // 80
LIBRARY = ("CMSLIB", "MACLIB")
NUCLEUS = ("CMSNUC", "NUCLEUS")
MARK = "CMSNUC"
_BLOCK = 800
_MOST_MESSAGES = 20
_USAGE = 24


class GenCMS(Conversation):
    """One GENCMS command: files are read one after another, then everything is made at once."""

    def __init__(self) -> None:
        super().__init__(
            disk="",
            mode="",
            wanted=[],
            file=[],
            got=[],
            files={},
            items=0,
            actions=[],
            code=0,
        )

    def step(self, reply: bytes) -> bytes:
        """The next request."""
        try:
            return self._reply(reply)
        except requests.ReplyError as error:
            return self._fail(256, f"DMSGEN902S {str(error).upper()}")
        except BuildError as error:
            return self._fail(8, *str(error).splitlines()[:_MOST_MESSAGES])

    def _fail(self, code: int, *lines: str) -> bytes:
        self.state["code"] = code
        self.state["actions"] = [["type", line] for line in lines]
        return self._act(b"\0" * 4)

    # --- reading ------------------------------------------------------------------------------------------------------

    def _start(self, data: bytes) -> bytes:
        words = from_ebcdic(data).strip(" \0").upper().split()[1:]
        if len(words) != 2 or len(words[1]) != 1:
            return self._fail(_USAGE, "DMSGEN054E DISK ADDRESS AND MODE ARE NEEDED.")
        self.state["disk"], self.state["mode"] = words
        self.state["wanted"] = [list(sourcedisk.LIST), list(LIBRARY)]
        return self._next()

    def _next(self) -> bytes:
        if not self.state["wanted"]:
            return self._made()
        self.state["file"] = self.state["wanted"].pop(0)
        self.state["got"] = []
        return self._ask("found", requests.state(self._file()))

    def _file(self) -> bytes:
        name, kind = self.state["file"]
        return requests.file_id(name, kind, "*")

    def _found(self, reply: bytes) -> bytes:
        name, kind = self.state["file"]
        if requests.code(reply):
            return self._fail(28, f"DMSGEN002E FILE '{name} {kind}' NOT FOUND.")
        self.state["items"] = requests.file_state(reply).items
        return self._more()

    def _more(self) -> bytes:
        done, items = len(self.state["got"]), self.state["items"]
        if done < items:
            return self._ask("read", requests.read(self._file(), done + 1, min(CHUNK, items - done)))
        name, kind = self.state["file"]
        self.state["files"][f"{name} {kind}"] = self.state["got"]
        if [name, kind] == list(sourcedisk.LIST):
            self.state["wanted"] += [[words[1], "ASSEMBLE"] for words in self._list() if words[0] != "SYNONYM"]
        return self._ask("closed", requests.close(self._file()))

    def _closed(self, _reply: bytes) -> bytes:
        return self._next()

    def _read(self, reply: bytes) -> bytes:
        name, kind = self.state["file"]
        found = requests.records(reply) if not requests.code(reply) else []
        if not found:
            return self._fail(100, f"DMSGEN104S ERROR '{requests.code(reply)}' READING FILE '{name} {kind}'.")
        self.state["got"] += [from_ebcdic(record) for record in found]
        return self._more()

    def _list(self) -> list[list[str]]:
        lines = self.state["files"].get(" ".join(sourcedisk.LIST), [])
        return [words for words in (line.split() for line in lines) if len(words) >= 2]

    # --- making -------------------------------------------------------------------------------------------------------

    def _made(self) -> bytes:
        nucleus = self._build()
        mode = self.state["mode"]
        head = to_ebcdic(MARK.ljust(8)) + nucleus.parameters.to_bytes(2, "big")
        head += len(nucleus.records()).to_bytes(2, "big")
        boot = nucleus.ipl.ljust(2 * _BLOCK, b"\0")
        blocks = [head.ljust(_BLOCK, b"\0"), boot[:_BLOCK], boot[_BLOCK : 2 * _BLOCK], *nucleus.records()]
        actions: list[list[Any]] = []
        for name, recfm, records, many in (
            (NUCLEUS, "F", blocks, requests.MAX_DATA // _BLOCK),
            ((segment_image.NAME, segment_image.TYPE), "V", nucleus.segment.records(), 1),
        ):
            actions.append(["erase", *name, f"{mode}2"])
            for at in range(0, len(records), many):
                part = [record.hex() for record in records[at : at + many]]
                actions.append(["write", *name, f"{mode}2", recfm, part])
            actions.append(["close", *name, f"{mode}2"])
        actions.append(["command", "WRNUC", self.state["disk"], mode])
        actions.append(["type", f"CMS IS ON {self.state['disk']}: IPL {self.state['disk']}"])
        self.state["files"] = {}
        self.state["actions"] = actions
        return self._act(b"\0" * 4)

    def _build(self) -> Nucleus:
        """The nucleus that the files make. Raises BuildError."""
        names: dict[str, list[str]] = {}
        synonyms = []
        for kind, name, *rest in self._list():
            names.setdefault(kind, []).append(name)
            if kind == "SYNONYM" and rest:
                synonyms.append(f"         ABBR  {name},{rest[0]}")
        if not all(names.get(kind) for kind in ("NUCLEUS", "SEGMENT", "BOOT")):
            raise BuildError("DMSGEN056E CMS BUILDLST DOES NOT NAME NUCLEUS, SEGMENT AND BOOT.")
        library = Members({**self._macros(), "SYNONYMS": synonyms})
        made: dict[str, Assembly] = {}
        wrong: list[str] = []
        for name in (*names["NUCLEUS"], *names["SEGMENT"], *names["BOOT"]):
            made[name] = assemble("\n".join(self.state["files"][f"{name} ASSEMBLE"]), library=library)
            messages = [message for message in made[name].messages if message.severity >= ERROR]
            wrong += [f"{name} ASSEMBLE: {message}" for message in messages]
        if wrong:
            raise BuildError("\n".join(wrong))
        image = nucleus_image.link_nucleus([made[name].deck for name in names["NUCLEUS"]])
        segment = segment_image.link_segment(
            [made[name].deck for name in names["SEGMENT"]], nucleus_image.symbols(image)
        )
        return nucleus_image.finish(image, segment, made[names["BOOT"][0]], datetime.now())

    def _macros(self) -> dict[str, list[str]]:
        records = [to_ebcdic(line) for line in self.state["files"][" ".join(LIBRARY)]]
        try:
            found = {name: maclib_format.member(records, name) for name in maclib_format.directory(records)}
        except maclib_format.MaclibError as error:
            raise BuildError(f"DMSGEN056E FILE 'CMSLIB MACLIB': {error}") from None
        return {name: lines for name, lines in found.items() if lines is not None}

    # --- writing ------------------------------------------------------------------------------------------------------

    def _act(self, reply: bytes) -> bytes:
        if self.state["phase"] == "act" and (code := requests.code(reply)) and self.state["checked"]:
            self.state["code"], self.state["actions"] = (code if code > 0 else 100), []
            if self.state["checked"] == "write":
                self.state["actions"] = [["type", f"DMSGEN105S ERROR '{code}' WRITING ON DISK '{self.state['mode']}'."]]
        if not self.state["actions"]:
            return requests.leave(self.state["code"])
        action, *operands = self.state["actions"].pop(0)
        self.state["checked"] = action if action in ("write", "command") else ""
        if action == "type":
            return self._ask("act", requests.type_line(operands[0]))
        if action == "command":
            return self._ask("act", requests.command(*operands))
        file = requests.file_id(*operands[:3])
        if action == "write":
            records = [bytes.fromhex(text) for text in operands[4]]
            return self._ask("act", requests.write(file, operands[3], records))
        return self._ask("act", requests.erase(file) if action == "erase" else requests.close(file))
