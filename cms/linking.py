"""Linking parts of CMS: decks that must leave no name undefined or double."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assembler import linkage
from cms.source import BuildError


def link(
    what: str, decks: Iterable[Sequence[bytes] | bytes], origin: int, symbols: Mapping[str, int] | None = None
) -> linkage.Image:
    """Link decks to run at `origin`. Raises BuildError, which begins with WHAT they are."""
    try:
        image = linkage.link(decks, origin, symbols=symbols)
    except linkage.LinkError as error:
        raise BuildError(f"{what}: {error}") from None
    if image.undefined or image.duplicates:
        raise BuildError(
            f"{what}: undefined names {' '.join(image.undefined) or 'none'}, "
            f"duplicate names {' '.join(image.duplicates) or 'none'}"
        )
    return image
