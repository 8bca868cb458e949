"""What an engine has done for a machine, for a reader."""

from __future__ import annotations

from collections.abc import Iterator

from cpvm.machine.engines import REFERENCE, EngineStatistics


def lines(found: EngineStatistics) -> Iterator[str]:
    """The statistics, aligned; what has not occurred is left out."""
    yield f"engine         {found.engine}"
    if found.note:
        yield f"               {found.note}"
    yield _row("instructions", found.instructions)
    if found.native or found.engine != REFERENCE:
        yield _row("  native", found.native, _share(found.native, found.instructions))
        if found.regions:
            yield _row("    in regions", found.regions, _share(found.regions, found.instructions))
        yield _row("  reference", found.reference, _share(found.reference, found.instructions))
    yield f"processor time {found.seconds:15.3f} s"
    yield f"speed          {found.mips:15.2f} MIPS"
    regions = (
        ("made", found.translations),
        ("linked now", found.linked),
        ("evicted", found.evicted),
        ("stale", found.stale),
    )
    if any(count for _, count in regions):
        yield "translations"
        yield from (_row(f"  {name}", count) for name, count in regions)
    if found.exits:
        yield "native code came back because"
        width = max(len(reason) for reason in found.exits)
        ordered = sorted(found.exits.items(), key=lambda item: -item[1])
        yield from (f"  {reason:<{width}} {count:{27 - width},}" for reason, count in ordered)


def _row(name: str, count: int, behind: str = "") -> str:
    return f"{name:<14} {count:15,}{behind}"


def _share(part: int, whole: int) -> str:
    return f"  {100 * part / whole:5.1f} %" if whole else ""
