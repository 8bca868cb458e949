"""Makes object decks IPLable: links them, and puts a loader in front that reads the program from cards."""

from collections.abc import Sequence
from importlib import resources

ORIGIN = 0x1000
"""Where the program is loaded; below are the assigned storage locations, the loader and a save area."""

_CARD = 80
_ESD = b"\x02\xc5\xe2\xc4"  # how an object deck begins


class LoadError(Exception):
    """Object decks cannot be made into a program."""


def is_object(cards: Sequence[bytes]) -> bool:
    """Whether this is an object deck, not one that can be IPLed as it is."""
    return bool(cards) and cards[0].startswith(_ESD)


def ipl_deck(decks: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Cards for IPL that load the linked object decks at `ORIGIN` and call their entry point.

    Raises:
        LoadError: a deck is damaged, or a name that is used is in none of them.
    """
    from assembler import assemble, linkage  # not needed to IPL any other deck

    try:
        image = linkage.link([list(deck) for deck in decks], ORIGIN)
    except linkage.LinkError as error:
        raise LoadError(str(error)) from error
    if image.undefined:
        raise LoadError(f"undefined names: {' '.join(image.undefined)}")
    data = bytes(image.data)
    program = [data[at : at + _CARD].ljust(_CARD, b"\0") for at in range(0, len(data), _CARD)]
    if not program:
        raise LoadError("the object decks hold no program")
    source = resources.files("cpvm.front").joinpath("loader.assemble").read_text(encoding="ascii")
    for name, value in (("&ORIGIN", ORIGIN), ("&CARDS", len(program)), ("&ENTRY", image.entry)):
        source = source.replace(name, str(value))
    loader = bytes(assemble(source).image().data)
    return [loader[:_CARD], loader[0x100:0x150], loader[0x150:0x1A0], *program]
