"""A long run of sources that nobody would write: none may make the assembler raise, hang or grow without bounds.

    python tests/assembler/campaign.py SECONDS [SEED]

Sources come with macro libraries (as members, or as the bytes of a MACLIB, whole or damaged), options and a SYSPARM;
the deck, the listing, the web page, the data and the linked image of each are made.  Counts are printed; each source
that does harm is kept as `campaign-SEED-NUMBER.asm` in the working folder, from which the seed and the number make it
again.  The limits on generated statements and branches are set low, so that a run-away macro costs milliseconds.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import FrameType

from assembler import Assembly, assemble
from assembler.library import Chain, as_library
from assembler.linkage import LinkError
from assembler.listing.data import data
from assembler.listing.page import page
from assembler.maclib import MaclibError
from assembler.macro import expander, opencode
from assembler.options import OptionError, Options, parse_options
from tests.assembler.random_sources import (
    mutated,
    random_characters,
    random_library,
    random_maclib,
    random_options,
    random_program,
)
from tests.assembler.test_corpus import read_cases

ROOT = Path(__file__).parents[2]
CMS = as_library(ROOT / "cms" / "maclib")
PROGRAMS = [file.read_text(encoding="utf-8").splitlines() for file in sorted((ROOT / "cms").rglob("*.assemble"))]
PROGRAMS += [source.splitlines() for _, source, _ in read_cases()] * 3
LONGEST = 20
"""Seconds of processor time that one source may take."""
MEMORY = 3 << 30


class TooLong(Exception):
    pass


def alarm(_number: int, _frame: FrameType | None) -> None:
    raise TooLong


def check(done: Assembly) -> None:
    assert done.return_code in (0, 4, 8, 12, 16)
    assert all(len(card) == 80 for card in done.deck)
    assert all(len(line) <= 121 for line in done.listing)
    with suppress(LinkError):  # names that other decks have to supply
        done.image()


def assembled(rng: random.Random, source: list[str], counts: Counter[str]) -> Assembly:
    """The source with a library, options and a SYSPARM of the generator's choice."""
    libraries: list[object] = [CMS]
    if rng.random() < 0.5:
        members = random_library(rng, PROGRAMS)
        if rng.random() < 0.3:
            folder = Path(tempfile.gettempdir()) / f"campaign-{os.getpid()}.maclib"
            folder.write_bytes(random_maclib(rng, members))
            try:
                libraries.insert(0, as_library(folder))
            except MaclibError:
                counts["damaged libraries"] += 1
            finally:
                folder.unlink()
        else:
            libraries.insert(0, members)
    options, sysparm = Options(), None
    if rng.random() < 0.3:
        try:
            options, sysparm = parse_options(random_options(rng), options)
        except OptionError:
            counts["options refused"] += 1
    return assemble(source, library=Chain(map(as_library, libraries)), sysparm=sysparm or "", options=options)


def main() -> int:
    seconds = float(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, alarm)
    expander.MAX_STATEMENTS = 5000
    expander.MAX_BRANCHES = 20_000
    opencode.MAX_INSERTED = 2000
    counts: Counter[str] = Counter()
    codes: Counter[int] = Counter()
    slowest = 0.0
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        number += 1
        rng = random.Random(seed * 1_000_000 + number)
        kind = ("statements", "mutated", "mutated", "characters")[number % 4]
        if kind == "statements":
            source = random_program(rng)
        else:
            source = mutated(rng, PROGRAMS) if kind == "mutated" else random_characters(rng)
        began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
        try:
            done = assembled(rng, source, counts)
            check(done)
            if number % 5 == 0:
                text = "\n".join(source)
                counts["characters of pages and data"] += sum(map(len, page(done, text))) + sum(
                    map(len, data(done, text))
                )
            codes[done.return_code] += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            counts["harm"] += 1
            Path(f"campaign-{seed}-{number}.asm").write_text("\n".join(source), encoding="utf-8")
            traceback.print_exc(limit=-4)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        slowest = max(slowest, time.process_time() - began)
        counts[kind] += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{number} sources {dict(counts)}; return codes {dict(sorted(codes.items()))}")
    print(f"slowest {slowest:.1f} s; {peak} MB at most")
    return 1 if counts["harm"] else 0


if __name__ == "__main__":
    sys.exit(main())
