"""What users do for others: print, send files and messages, and read what they get."""

from __future__ import annotations

from bench.dayuse.answers import READY
from bench.dayuse.filetasks import contents, name, own, sentence
from bench.dayuse.ledger import Letter
from bench.dayuse.person import Person


async def print_file(person: Person) -> None:
    """A file is printed."""
    files = [file for file in own(person) if file in person.disk.files]
    if not files:
        return
    file = person.chance.choice(files)
    content = person.disk.files[file]
    new = f"{name(person, 'L')} DATA"
    person.disk.begin(new, content)
    await person.command(f"COPYFILE {file} A {new} A")
    person.disk.done(new, content)
    await person.command(f"PRINT {new}", f"PRT FILE ~ FOR {person.userid} ... COPY 001 NOHOLD")
    person.office.post.printed[new] = content
    person.disk.begin(new, None)
    await person.command(f"ERASE {new}")
    person.disk.done(new, None)


async def send_file(person: Person) -> None:
    """A file goes to another user's reader."""
    to = person.office.other(person)
    file = f"{name(person, 'M')} MAIL"
    content = tuple(sentence(person, 5) for _ in range(person.chance.randint(1, 3)))
    person.disk.begin(file, content)
    lined = " (NODISP" if person.screen is not None else ""
    await person.say(f"EDIT {file}{lined}", "NEW FILE:", "EDIT:", label="EDIT")
    for line in content:
        await person.say(f"INPUT {line}")
        await person.think(0.1)
    await person.command("FILE", label="EDIT: FILE")
    person.disk.done(file, content)
    await person.command(f"SPOOL PUNCH TO {to.userid}", label="SPOOL")
    letter = Letter(file, person.userid, content)
    person.office.post.begin(to.userid, letter)
    await person.command(f"PUNCH {file}", f"PUN FILE ~ TO  {to.userid} ... COPY 001 NOHOLD")
    person.office.post.done(to.userid, letter)
    person.disk.begin(file, None)
    await person.command(f"ERASE {file} A")
    person.disk.done(file, None)


async def read_files(person: Person) -> None:
    """The reader is looked at, and what is in it read, looked at and erased."""
    post = person.office.post
    before = set(post.sent.get(person.userid, {}))
    listed = await person.command("QUERY READER ALL", "*", label="QUERY READER")
    names = [" ".join(line.split()[9:11]) for line in listed[1:]]
    post.in_reader(person.userid, before, names)
    for file in names[:4]:
        letter = post.reading(person.userid, file)
        person.disk.begin(file, letter.content)
        first, last = file.split()
        await person.command("READCARD *", f":READ  {first:8} {last:8} A1 ...")
        post.read(person.userid, file)
        person.disk.done(file, letter.content)
        await contents(person, file, letter.content, label="TYPE a letter")
        person.disk.begin(file, None)
        await person.command(f"ERASE {file} A")
        person.disk.done(file, None)


async def message(person: Person) -> None:
    """A message to another user, who gets it if logged on."""
    to = person.office.other(person)
    session = to.session if to.present else 0
    text = f"NOTE {person.office.post.number()} {sentence(person, 3)}"
    lines = await person.say(f"MSG {to.userid} {text}", "*", "Ready...", label="MSG")
    refused = (f"DMKMSG045E {to.userid} NOT LOGGED ON", f"DMKMSG057E {to.userid} NOT RECEIVING; DISCONNECTED")
    if len(lines) == 2 and lines[0] in refused:
        if session and to.present and to.session == session:
            raise person.failed(f"{to.userid} is logged on")
    elif lines[:-1] or not lines[-1].startswith("Ready;"):
        raise person.failed(f"the answer is {lines}")
    elif session and to.present and to.session == session:
        to.due.append((person.userid, text))
    await person.think()


async def messages_come(person: Person) -> None:
    """Whatever the person has been told while logged on must have come: an answer later than theirs has."""
    due = list(person.due)
    await person.say("CP QUERY USERID", f"{person.userid} ... AT ~", READY, label="CP QUERY USERID")
    for one in due:
        if one not in person.told:
            raise person.failed(f"the message {one[1]!r} of {one[0]} has not come")
        person.due.remove(one)
    await person.think()
