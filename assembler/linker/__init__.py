"""The linkage step: object decks and libraries of them become a program in storage, a CMS module, or a single deck.

    names        the table of external names, as CMS's loader keeps it
    cards        what is on a card: ESD TXT RLD END LDT, ICS SLC REP, ENTRY LIBRARY
    storage      the storage that is loaded into
    items        what is noted down of decks
    loader       card by card into storage, as LOAD does
    txtlib       TXTLIB files
    libraries    where decks are looked for by name
    module       the MODULE file that GENMOD would write
    merge        the loaded decks as one deck
    report       the map

It loads as `cms/nucleus/dmsldr.assemble` and `dmslio.assemble` do, so that the same decks give the same bytes here and
there; a test compares the two.
"""

from assembler.linker.loader import Loader
from assembler.linker.names import LinkError, Note

__all__ = ["LinkError", "Loader", "Note"]
