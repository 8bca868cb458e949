"""What users look at: HELP, the system, their machines."""

from __future__ import annotations

from bench.dayuse.person import Person

TOPICS = ("SORT", "COPYFILE", "LISTFILE", "PRINT", "RENAME", "STATE", "COMPARE", "ERASE", "READCARD", "CP QUERY")


async def help_text(person: Person) -> None:
    """HELP, which says the same to everybody."""
    topic = person.chance.choice(TOPICS)
    text = await person.command(f"HELP {topic}", "*", label="HELP")
    if len(text) < 5 or not person.office.same(f"HELP {topic}", tuple(text)):
        raise person.failed(f"HELP {topic} is {text}")


async def questions(person: Person) -> None:
    """QUERY, in several forms."""
    chance = person.chance
    for _ in range(chance.randint(2, 4)):
        which = chance.randrange(6)
        if which == 0:
            await person.command("QUERY DISK A", "A (191): ~ FILES; ...R/W", label="QUERY DISK")
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
