"""The front of the assembler: `assemble` and what it gives back."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from assembler import deck as decks
from assembler import linkage, warnings
from assembler import listing as listings
from assembler.library import LibraryLike, as_library
from assembler.macro.expander import Expander
from assembler.message import Flaw, Message
from assembler.options import Options
from assembler.passes import Assembler
from assembler.source import Statement, records
from assembler.symbols import Section, Symbol


@dataclass(slots=True)
class Assembly:
    """A finished assembly."""

    deck: list[bytes]
    """80-byte EBCDIC card images: SYM if asked for, ESD, TXT, RLD, END."""
    messages: list[Message]
    return_code: int
    """0, 4, 8, 12 or 16: the highest severity."""
    sections: dict[str, Section]
    """By name; private code has none, an unnamed dummy or common section is `(DS)` or `(CM)`."""
    symbols: dict[str, Symbol]
    statements: list[Statement] = field(repr=False)
    options: Options = field(default_factory=Options)
    sysparm: str = ""
    library_records: int = 0
    _assembler: Assembler | None = field(default=None, repr=False)
    _expander: Expander | None = field(default=None, repr=False)
    _listing: list[str] | None = field(default=None, repr=False)
    _places: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def listing(self) -> list[str]:
        """The listing, 121 columns with ASA carriage control in the first (made when first asked for)."""
        if self._listing is None:
            self._listing = listings.build(self.assembler, self)
        return self._listing

    @property
    def assembler(self) -> Assembler:
        """The state of the assembly as it was left."""
        assert self._assembler is not None
        return self._assembler

    @property
    def expander(self) -> Expander:
        """The macro stage as it was left."""
        assert self._expander is not None
        return self._expander

    def where(self, member: str) -> str:
        """The place of a library member on the host, such as `maclib/wto.macro` or `cms.maclib(WTO)`; empty if it has
        none."""
        found = self._places.get(member)
        if found is None:
            place = getattr(self.expander.table.library, "where", None)
            found = self._places[member] = str(place(member)) if place is not None else ""
        return found

    def image(self, origin: int = 0) -> linkage.Image:
        """The program as storage, linked alone to run at `origin`; raises linkage.LinkError."""
        return linkage.link([self.deck], origin)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the host from searching for cycles in what is being built: all of it lives until the end, and the search
    costs a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def assemble(
    source: str | Iterable[str],
    *,
    library: LibraryLike = None,
    sysparm: str = "",
    options: Options | None = None,
) -> Assembly:
    """Assemble a program.  Never raises for anything in the source: what is wrong is in `messages`.

    `library` holds macros and COPY members: a folder, a mapping, an object with `get(name)`, or a sequence of these.
    """
    options = options or Options()
    asm = Assembler(options)
    system = {"SYSPARM": sysparm, "SYSDATE": options.date, "SYSTIME": options.time, "SYSIN_MEMBER": options.name}
    expander = Expander(asm, records(source), as_library(library), system)
    try:
        with _without_collector():
            asm.pass_one(expander)
            asm.pass_two()
            warnings.check(asm, expander.code.main.lines[expander.code.main.position :])
    except RecursionError:  # the limits on nesting are below the host's; this is the last net
        if asm.statements:
            asm.flaw(asm.statements[-1], Flaw("IFO318", "STATEMENT TOO COMPLICATED", 16))
    decks.number_sections(asm)
    asm.messages.sort(key=lambda message: (message.statement, message.column))
    counted = (message.severity for message in asm.messages)
    severity = max((one for one in counted if one >= options.flag), default=0)
    code = 16 if severity > 12 else 12 if severity > 8 else 8 if severity > 4 else 4 if severity > 1 else 0
    return Assembly(
        deck=decks.write(asm, options.test),
        messages=asm.messages,
        return_code=code,
        sections={
            section.name if section.name or section.kind == "PC" else f"({section.kind})": section
            for section in asm.order
            if section.kind in ("SD", "PC", "DS", "CM")
        },
        symbols=asm.symbols,
        statements=asm.statements,
        options=options,
        sysparm=sysparm,
        library_records=expander.table.library_records,
        _assembler=asm,
        _expander=expander,
    )
