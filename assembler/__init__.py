"""The assembler: System/370 assembler language of Assembler F, XF and H to object decks and listings.

from assembler import assemble
done = assemble(source, library="cms/maclib")
done.deck            # card images
done.return_code     # 0 4 8 12 16
"""

from assembler.assembly import Assembly, assemble
from assembler.message import Message
from assembler.options import Options

__all__ = ["Assembly", "Message", "Options", "assemble"]
