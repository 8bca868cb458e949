"""Makes native code of a recorded region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpvm.machine.compiled.regions.plan import Plan, Translation, Untranslatable

if TYPE_CHECKING:
    from cpvm.machine.compiled.build import Native


def translate(plan: Plan, native: Native) -> Translation:
    """Translate a region. May be called by any thread. Raises Untranslatable if nothing in it is worth it."""
    raise Untranslatable("no instruction is in the subset")
