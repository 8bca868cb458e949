"""What users do with files: edit, in lines and on the screen, copy, rename, compare, sort, erase."""

from __future__ import annotations

from collections.abc import Callable

from bench.dayuse import display
from bench.dayuse.ledger import Content
from bench.dayuse.person import Person

WORDS = ["ALPHA", "BRAVO", "CHARLIE", "DELTA", "ECHO", "FOXTROT", "GOLF", "HOTEL", "INDIA", "JULIETT", "KILO", "LIMA"]
WORDS += ["MIKE", "NOVEMBER", "OSCAR", "PAPA", "QUEBEC", "ROMEO", "SIERRA", "TANGO", "UNIFORM", "VICTOR", "ZULU"]
MOST_FILES = 7
"""Files of data that a user keeps."""
DATA = "DATA"
CURRENT = 12
"""The row in which the editor shows the current line, on a screen of 24."""


def sentence(person: Person, words: int) -> str:
    """A line of text."""
    return " ".join(person.chance.choice(WORDS) for _ in range(words))


def name(person: Person, letter: str) -> str:
    """A filename that the person has not had yet."""
    return f"{letter}{person.office.post.number():06}"


def own(person: Person) -> list[str]:
    """The person's files of data."""
    return [file for file in person.disk.names() if file.endswith(f" {DATA}")]


async def contents(person: Person, file: str, content: Content, label: str = "TYPE") -> None:
    """TYPE shows CONTENT."""
    await person.command(f"TYPE {file} A", *content, label=label)


async def room(person: Person) -> None:
    """Erase files until there are few."""
    files = own(person)
    while len(files) > MOST_FILES:
        file = files.pop(person.chance.randrange(len(files)))
        person.disk.begin(file, None)
        await person.command(f"ERASE {file}")
        person.disk.done(file, None)


async def write(person: Person, file: str, lines: Content) -> None:
    """Make a file with the editor, in lines or on the screen."""
    if person.screen is not None and person.chance.random() < 0.6:
        await _write_on_screen(person, file, lines)
        return
    lined = " (NODISP" if person.screen is not None else ""
    await person.say(f"EDIT {file}{lined}", "NEW FILE:", "EDIT:", label="EDIT")
    if person.kind != "telnet":  # a null line that ends input mode might be mistaken (see `Person.first`)
        for line in lines:
            await person.think(0.1)
            await person.say(f"INPUT {line}")
    else:
        await person.say("INPUT", "INPUT:")
        for line in lines:
            await person.think(0.1)
            await person.say(line)
        await person.say("", "EDIT:")
    await _file(person, file, lines)


async def _file(person: Person, file: str, content: Content, *, screen: bool = False) -> None:
    await person.think(0.3)
    person.disk.begin(file, content)
    if screen:
        await person.say("FILE")
        await person.shown(lambda there: there.reading and not _top(there), "no editor", "EDIT on the screen: FILE")
    else:
        await person.command("FILE", label="EDIT: FILE")
    person.disk.done(file, content)
    if screen:
        await person.settle()


def _top(screen: display.Display) -> bool:
    return screen.row(1).startswith(("EDIT:", "NEW FILE:"))


def _current(line: str) -> Callable[[display.Display], bool]:
    """Whether the editor shows a line as the current one."""
    return lambda screen: screen.row(CURRENT) == line.strip()


async def _open_screen(person: Person, file: str) -> None:
    assert person.screen is not None
    person.screen.program = True
    await person.say(f"EDIT {file}")
    await person.shown(_top, "the editor", "EDIT on the screen")


async def _close_screen(person: Person, file: str, content: Content) -> None:
    assert person.screen is not None
    await _file(person, file, content, screen=True)


async def _write_on_screen(person: Person, file: str, lines: Content) -> None:
    await _open_screen(person, file)
    for line in lines:
        await person.think(0.1)
        await person.say(f"INPUT {line}")
        await person.shown(_current(line), line, "EDIT on the screen: INPUT")
    await _close_screen(person, file, lines)


async def new_file(person: Person) -> None:
    """A file of data is written, and looked at."""
    await room(person)
    file = f"{name(person, 'F')} {DATA}"
    lines = tuple(sentence(person, person.chance.randint(2, 7)) for _ in range(person.chance.randint(3, 9)))
    await write(person, file, lines)
    await contents(person, file, lines)


async def change_file(person: Person) -> None:
    """Lines of a file are found, changed, deleted and added."""
    files = own(person)
    if not files:
        return
    file = person.chance.choice(files)
    old = person.disk.files.get(file)
    if old is None or len(old) < 2:
        return
    if person.screen is not None and person.chance.random() < 0.6:
        new = await _change_on_screen(person, file, old)
    else:
        new = await _change_lines(person, file, old)
    await contents(person, file, new)


async def _change_lines(person: Person, file: str, old: Content) -> Content:
    lined = " (NODISP" if person.screen is not None else ""
    await person.say(f"EDIT {file}{lined}", "EDIT:", label="EDIT")
    lines = list(old)
    at = person.chance.randrange(len(lines))
    await person.say(f"NEXT {at + 1}", lines[at], label="EDIT: NEXT")
    was, become = lines[at].split()[0], person.chance.choice(WORDS)
    lines[at] = lines[at].replace(was, become, 1)
    await person.think(0.3)
    await person.say(f"CHANGE /{was}/{become}/", lines[at], label="EDIT: CHANGE")
    added = sentence(person, 3)
    lines.insert(at + 1, added)
    await person.say(f"INPUT {added}")
    await person.say("TOP", "TOF:")
    first = sentence(person, 2) + " FIRST"
    lines.insert(0, first)
    await person.say(f"INPUT {first}")
    await person.think(0.3)
    await person.say(f"LOCATE /{added}/", next(line for line in lines[1:] if added in line), label="EDIT: LOCATE")
    await person.say("TOP", "TOF:")
    await person.say("NEXT 2", lines[1])
    await person.say("DELETE")
    del lines[1]
    new = tuple(lines)
    await _file(person, file, new)
    return new


async def _change_on_screen(person: Person, file: str, old: Content) -> Content:
    await _open_screen(person, file)
    screen = person.screen
    assert screen is not None
    lines = list(old)
    await person.say("NEXT")
    await person.shown(_current(lines[0]), lines[0], "EDIT on the screen: NEXT")
    at = person.chance.randrange(min(len(lines), 8))
    new = sentence(person, 4)
    await person.think(0.5)
    await person.typed_over(CURRENT + at, new, "EDIT on the screen: typed over")
    lines[at] = new
    await _close_screen(person, file, tuple(lines))
    return tuple(lines)


async def sort(person: Person) -> None:
    """Records in an order of their own are sorted; fields say how."""
    await room(person)
    file, result = f"{name(person, 'S')} {DATA}", f"{name(person, 'T')} {DATA}"
    records = tuple(
        f"{person.chance.choice(WORDS):10}{person.chance.randint(0, 999):03} {person.chance.choice(WORDS)}"
        for _ in range(person.chance.randint(4, 12))
    )
    await write(person, file, records)
    first, last = person.chance.choice(((1, 10), (11, 13), (1, 13)))
    await person.say(f"SORT {file} A {result} A", "DMSSRT604R Enter sort fields:")
    await person.think(0.5)
    ordered = tuple(sorted(records, key=lambda line: line.ljust(80)[first - 1 : last].encode("cp037")))
    person.disk.begin(result, ordered)
    await person.command(f"{first} {last}", label="SORT")
    person.disk.done(result, ordered)
    await contents(person, result, ordered)


async def copy(person: Person) -> None:
    """A file is copied, compared, renamed, added to, erased."""
    await room(person)
    files = [file for file in own(person) if file in person.disk.files]
    if not files:
        return
    file = person.chance.choice(files)
    content = person.disk.files[file]
    new = f"{name(person, 'C')} {DATA}"
    person.disk.begin(new, content)
    await person.command(f"COPYFILE {file} A {new} A")
    person.disk.done(new, content)
    await person.command(f"COMPARE {file} A {new} A", f"DMSCMP179I Comparing '{file} A1' with '{new} A1'.")
    await person.command(
        f"COPYFILE {file} A {new} A", f"DMSCPY024E File '{new} A1' already exists - specify REPLACE.", code=28
    )
    person.disk.begin(new, content * 2)
    await person.command(f"COPYFILE {file} A {new} A (APPEND", label="COPYFILE")
    person.disk.done(new, content * 2)
    await contents(person, new, content * 2)
    other = f"{name(person, 'R')} {DATA}"
    person.disk.begin(new, None)
    person.disk.begin(other, content * 2)
    await person.command(f"RENAME {new} A {other} A")
    person.disk.done(new, None)
    person.disk.done(other, content * 2)
    await person.command(f"STATE {new} A", f"DMSSTT002E ...{new}...", code=28)
    await person.command(f"STATE {other} A")
    person.disk.begin(other, None)
    await person.command(f"ERASE {other} A")
    person.disk.done(other, None)


async def listing(person: Person) -> None:
    """LISTFILE names all files that there must be."""
    wanted = {tuple(file.split()) for file in person.disk.files}
    found = {tuple(line.split()[:2]) for line in await person.command("LISTFILE * * A", "*")}
    if not wanted <= found:
        raise person.failed(f"LISTFILE does not show {sorted(wanted - found)}")
    files = [file for file in own(person) if file in person.disk.files]
    if files:
        file = person.chance.choice(files)
        await contents(person, file, person.disk.files[file])
