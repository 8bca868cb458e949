"""What users look at: HELP, the system, their machines."""

from __future__ import annotations

from bench.dayuse.person import Person

TOPICS = ("SORT", "COPYFILE", "LISTFILE", "PUNCH", "RENAME", "STATE", "COMPARE", "ERASE", "READCARD", "CP QUERY")


async def help_text(person: Person) -> None:
    """HELP, which says the same to everybody; the last line of a 3270's output area shows 79 characters."""
    topic = person.chance.choice(TOPICS)
    if person.screen is not None and person.chance.random() < 0.5:
        await _on_screen(person, topic)
        return
    lined = " (LINE" if person.screen is not None else ""
    text = await person.command(f"HELP {topic}{lined}", "*", label="HELP")
    if len(text) < 5 or not person.office.same(f"HELP {topic}", tuple(line[:79].rstrip() for line in text)):
        raise person.failed(f"HELP {topic} is {text}")


async def _on_screen(person: Person, topic: str) -> None:
    screen = person.screen
    assert screen is not None
    screen.program = True
    await person.say(f"HELP {topic}")
    await person.shown(
        lambda there: there.row(1).startswith("HELP ") and topic.rsplit(maxsplit=1)[-1] in there.row(2),
        topic,
        "HELP on the screen",
    )
    await person.think()
    await person.key("pf3")
    await person.shown(lambda there: there.reading, "CP's screen", "HELP: PF3")
    await person.settle()


async def questions(person: Person) -> None:
    """QUERY, in several forms."""
    chance = person.chance
    for _ in range(chance.randint(2, 4)):
        which = chance.randrange(6)
        if which == 0:
            await person.command("QUERY DISK A", "A (191): ~ FILES; ...", "*", label="QUERY DISK")
        elif which == 1:
            await person.command("CP QUERY TIME", "TIME IS ~ GMT ~ ~", "CONNECT= ~ VIRTCPU= ~ TOTCPU= ~")
        elif which == 2:
            await person.command("QUERY BLIP", "BLIP...")
        elif which == 3:
            await person.command("QUERY VIRTUAL STORAGE", "STORAGE = 01024K", label="QUERY VIRTUAL")
        elif which == 4:
            await person.command("QUERY SEARCH", "*", label="QUERY SEARCH")
        else:
            await person.say(f"NONSENSE{chance.randrange(9)}", "Unknown CP/CMS command", label="no command")
            await person.think()


async def reconnect(person: Person) -> None:
    """The connection is lost; the machine goes on, and its user comes back to it."""
    await person.drop()
