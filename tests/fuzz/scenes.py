"""Random scenes: programs with interruptions that are returned from, on the stage of `stage.py`.

Registers 11, 12 and 13 have the addresses of windows, in any order and perhaps through the second table, 9 is a small
index, 10 has the address of the code. A program that runs with a key other than zero may use any register as an index
or a base: storage that is not its own is protected.
"""

from collections.abc import Callable

from cpvm.s370 import psa
from cpvm.s370.formats import Format
from cpvm.s370.insn import Insn
from cpvm.s370.psw import PSW
from fuzz.programs import BRANCHES, FLOATS, NOPR, PACKED, Writer, named
from fuzz.stage import (
    ABSENT,
    BLOCKS,
    CODE,
    DATA,
    DELAY,
    NO_CHANNEL,
    PRINTER,
    SIZE,
    SPIN,
    STAGE,
    VARIANTS,
    WINDOWS,
    Scene,
    control,
    second_home,
)

CONTROLS_AT, CLOCKS_AT, BLOCK_AT, TIMER_AT, CHANNEL_AT, CHAIN_AT, PSWS_AT, MASKS_AT = 0, 8, 24, 28, 32, 40, 64, 96
"""In the constants: control registers 0 and 1; clock comparator and CPU timer; a block; the interval timer; a CAW;
channel commands; PSWs; contents of control registers 0 and 8."""
PSWS = 4
WAIT_AT, SPARE_AT, EVENTS_AT = 112, 140, 144
SUBMASKS = (0x800, 0x400, 0x40, 0x20, 0x4000, 0x2000, 0xC00, 0x6C00, 0xCE0)
COMMANDS = (0x03, 0x03, 0x0B, 0x09, 0x09, 0x02, 0x00, 0x08)
LOAD_PSW = 0x82


class SceneWriter(Writer):
    """Writes scenes from a source of random numbers."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        self.key = 0
        self.wild = False
        self.variant = 0
        self.mixed = False
        self.recording = False
        """Whether program events are recorded: not the branches of a loop that waits."""
        self.starts = False
        """Whether there is a SIO that goes on: the loop after it must not meet the problem state."""

    def base(self) -> tuple[int, int]:
        """One of three windows."""
        return self.r.choice((11, 12, 13)), 0

    def target(self, row: Insn) -> int:
        """A register that may change: the index only if it may be anything."""
        r = super().target(row)
        if self.wild or r != 9 - bool(row.even):
            return r
        return 6 if row.even else 8

    def instruction(self, row: Insn) -> bytes:
        """One ordinary instruction, perhaps with an index, or with an address from anywhere."""
        text = bytearray(super().instruction(row))
        if row.mnemonic == "LM" and not self.wild and text[1] & 15 == 9:
            text[1] = text[1] & 0xF0 | 8
        anything = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15)
        if row.format is Format.RX and self.r.random() < 0.3:
            text[1] = text[1] & 0xF0 | 9
        if self.wild and row.format is Format.RX and self.r.random() < 0.06:
            text[1] = text[1] & 0xF0 | self.r.choice(anything)
        if self.wild and len(text) >= 4 and self.r.random() < 0.015:
            text[2] = text[2] & 0x0F | self.r.choice(anything) << 4
        if self.wild and len(text) == 6 and self.r.random() < 0.015:
            text[4] = text[4] & 0x0F | self.r.choice(anything) << 4
        return bytes(text)

    def long(self, row: Insn) -> bytes:
        """MVCL or CLCL over pages."""
        r = self.r
        la = named("LA")
        text = b""
        for register in (2, 4):
            n = r.choice((r.randrange(90), r.randrange(700)))
            text += la.encode(r1=register, b2=self.base()[0], d2=r.randrange(400))
            text += la.encode(r1=register + 1, d2=n)
        return text + row.encode(r1=2, r2=4)

    # ---- what only scenes have
    def _masks(self) -> bytes:
        r = self.r
        if r.random() < 0.6:
            allowed: tuple[int, ...] = (1, 2, 3, 1, 2, 3, 4) if self.translating and not self.mixed else (1, 2, 3)
            if not self.ec and not self.mixed:
                allowed = (0x80, 0x81, 0x01, 0xFF)
            return named("STOSM").encode(b1=12, d1=r.randrange(64), i2=r.choice(allowed))
        return named("STNSM").encode(b1=12, d1=r.randrange(64), i2=r.choice((0xFE, 0xFD, 0xFC, 0x7F, 0xFB)))

    def _key(self) -> bytes:
        keys = (self.key, self.key, self.key, 1 + self.r.randrange(14)) if self.wild else (self.key, 0, 0, 5)
        return named("SPKA").encode(d2=self.r.choice(keys) << 4)

    def _storage_key(self) -> bytes:
        """SSK, ISK or ISKE. What they say of reference and change is shifted out, for the two do not agree in that."""
        r = self.r
        block = named("L").encode(r1=8, b2=10, d2=DATA + BLOCK_AT)
        if r.random() < 0.4:
            return named("LA").encode(r1=7, d2=r.randrange(256)) + block + named("SSK").encode(r1=7, r2=8)
        key = r.randrange(8)
        text = block + named(r.choice(("ISK", "ISK", "ISKE"))).encode(r1=key, r2=8)
        return text + named("SRL").encode(r1=key, d2=3) + named("SLL").encode(r1=key, d2=3)

    def _clocks(self) -> bytes:
        if self.r.random() < 0.5:
            return named("SCKC").encode(b2=10, d2=DATA + CLOCKS_AT + self.r.choice((0, 8)))
        return named("SPT").encode(b2=10, d2=DATA + CLOCKS_AT + 8)  # the other may be zero, which soon is negative

    def _submasks(self) -> bytes:
        return self.r.choice(
            (
                named("LCTL").encode(r1=0, r3=0, b2=10, d2=DATA + MASKS_AT),
                named("LCTL").encode(r1=0, r3=0, b2=10, d2=DATA + MASKS_AT),
                named("LCTL").encode(r1=8, r3=8, b2=10, d2=DATA + MASKS_AT + 4),
                named("LCTL").encode(r1=0, r3=1, b2=10, d2=DATA + CONTROLS_AT),
            )
        )

    def _signal(self) -> bytes:
        order = self.r.choice((1, 2, 2, 3, 3))
        return named("SR").encode(r1=7, r2=7) + named("SIGP").encode(r1=6, r3=7, d2=order)

    def _load_psw(self) -> bytes:
        return named("LPSW").encode(b2=10, d2=DATA + PSWS_AT + 8 * self.r.randrange(PSWS))

    def _supervisor_call(self) -> bytes:
        return named("SVC").encode(i1=self.r.randrange(255))

    def _monitor(self) -> bytes:
        return named("MC").encode(i2=self.r.randrange(16), b1=self.r.choice((0, 12)), d1=self.r.getrandbits(12))

    def _test_channel(self) -> bytes:
        name = self.r.choice(("TIO", "TIO", "TIO", "SIO", "HIO", "TCH", "HDV"))
        place = self.r.choice((ABSENT, NO_CHANNEL)) if name != "TIO" else self.r.choice((PRINTER, PRINTER, ABSENT))
        if name == "TCH":
            place = NO_CHANNEL
        return named(name).encode(b2=0, d2=place)

    def _start(self) -> bytes:
        """SIO to the printer, a loop until there is something pending, and another: Hercules's devices are slow."""
        encode = {name: named(name).encode for name in ("MVC", "SPKA", "TCH", "BC", "BCT", "LA", "L", "BALR", "SR")}
        zero, back = encode["SPKA"](d2=0), encode["SPKA"](d2=self.key << 4)
        self.starts = True
        mask = 0x01 if self.mixed or not self.ec else 0xFD
        text = (
            named("TIO").encode(d2=PRINTER) + zero + encode["MVC"](l=3, b1=0, d1=psa.CAW, b2=10, d2=DATA + CHANNEL_AT)
        )
        text += named("STNSM").encode(b1=10, d1=DATA + SPARE_AT, i2=mask) + encode["LA"](r1=14, d2=1)
        text += encode["LA"](r1=8, d2=1) + encode["L"](r1=14, d2=SPIN) + encode["L"](r1=8, d2=DELAY) + back
        text += encode["BALR"](r1=15, r2=0) + named("SIO").encode(d2=PRINTER)
        text += encode["BC"](m1=7, b2=15, d2=24) + encode["TCH"](d2=PRINTER) + encode["BC"](m1=7, b2=15, d2=20)
        text += encode["BCT"](r1=14, b2=15, d2=8) + encode["BCT"](r1=8, b2=15, d2=20)
        return text + encode["BALR"](r1=8, r2=0) + encode["SR"](r1=14, r2=14) + encode["SR"](r1=15, r2=15)

    def _wait(self) -> bytes:
        """An enabled wait that the interval timer ends."""
        text = named("MVC").encode(l=3, b1=0, d1=psa.INTERVAL_TIMER, b2=10, d2=DATA + TIMER_AT)
        text += named("LCTL").encode(r1=0, r3=0, b2=10, d2=DATA + WAIT_AT + 8)
        return text + named("LPSW").encode(b2=10, d2=DATA + WAIT_AT)

    def controlling(self) -> bytes:
        """Something privileged, or an interruption."""
        r = self.r
        kinds: list[tuple[int, Callable[[], bytes]]] = [
            (6, self._masks),
            (2, self._key),
            (3, self._storage_key),
            (4, self._clocks),
            (3, self._submasks),
            (2, self._signal),
            (2, self._load_psw),
            (3, self._supervisor_call),
            (2, self._monitor),
            (2, self._test_channel),
            (0 if self.recording else 2, self._start),
            (1, lambda: named("STAP").encode(b2=12, d2=2 * r.randrange(60))),
            (1, lambda: named("IPK").encode()),
            (1, lambda: named("PTLB").encode()),
            (1, lambda: named("STCTL").encode(r1=r.randrange(16), r3=r.randrange(16), b2=12, d2=4 * r.randrange(64))),
            (
                1,
                lambda: named("TPROT").encode(
                    b1=r.choice((11, 12, 13)), d1=r.randrange(512), b2=0, d2=r.randrange(256)
                ),
            ),
            (1, lambda: named("LRA").encode(r1=3, b2=r.choice((11, 12, 13)), d2=r.randrange(4096))),
        ]
        return r.choices([make for _, make in kinds], [weight for weight, _ in kinds])[0]()

    def _piece(self, written: list[bytes]) -> bytes:
        r = self.r
        pick = r.random()
        if pick < 0.3:
            return self.controlling() if self.supervisor else self._supervisor_call() if pick < 0.06 else NOPR
        if pick < 0.36:
            return self.branch()
        if pick < 0.39:
            return self.executing(written)
        if pick < 0.43:
            return self.long(named(r.choice(("MVCL", "CLCL"))))
        while True:
            row = r.choices(self.ordinary, self.weights)[0]
            if not row.privileged:
                return self.instruction(row)

    # ---- scenes
    def scene(self) -> Scene:
        """A program with all around it."""
        r, maker = self.r, self.maker
        self.ec = r.random() < 0.6
        self.supervisor = r.random() < 0.85
        self.key = r.choice((0, 0, r.randrange(1, 15), r.randrange(1, 15)))
        self.wild = self.key != 0
        self.mixed = r.random() < 0.2
        self.starts = False
        self.variant = r.randrange(VARIANTS)
        self.translating = self.ec and r.random() < 0.6
        pieces = []
        at = 0
        self.recording = False
        if self.ec and self.supervisor:
            pieces.append(named("LCTL").encode(r1=0, r3=1, b2=10, d2=DATA + CONTROLS_AT))
            if self.translating:
                pieces.append(named("STOSM").encode(b1=12, d1=0, i2=4))
            self.recording = r.random() < 0.2
            if self.recording:
                pieces.append(named("LCTL").encode(r1=9, r3=11, b2=10, d2=DATA + EVENTS_AT))
                pieces.append(named("STOSM").encode(b1=12, d1=0, i2=0x40))
        else:
            self.translating = False
        at = sum(map(len, pieces))
        if self.supervisor and not self.wild and r.random() < 0.02:
            pieces.append(self._wait())
            at += len(pieces[-1])
        while at < DATA - 84:
            pieces.append(self._piece(pieces))
            at += len(pieces[-1])
        self._settle_all(pieces)
        gr = [maker.word() for _ in range(16)]
        order = r.sample(WINDOWS, 3)
        for register, window in zip((11, 12, 13), order, strict=True):
            there = second_home(self.variant) if self.translating and r.random() < 0.5 else 0
            gr[register] = window + there | (r.getrandbits(8) << 24 if r.random() < 0.2 else 0)
        gr[10] = CODE
        gr[9] = r.choice((0, 0, 4, 8, 16, 64, 2, 0xFFFFFFF8, 0xFF000010))
        return Scene(
            pieces,
            self._constants(pieces),
            PSW(
                self._first_mask(),
                self.key,
                (8 if self.ec else 0) | (not self.supervisor),
                r.getrandbits(2),
                r.getrandbits(4) if r.random() < 0.3 else 0,
                CODE,
            ),
            gr,
            [self._float() for _ in range(4)],
            [self._window() for _ in WINDOWS],
            [self._block_key() for _ in range(BLOCKS)],
            [r.choice((0, 8)) for _ in range(4)],
        )

    def _first_mask(self) -> int:
        return self.r.choice((0, 0, 1, 2, 3)) if self.ec else self.r.choice((0, 0, 1, 0x80, 0x81, 0xFF))

    def _block_key(self) -> int:
        if self.r.random() < 0.9:
            return self.key << 4 | self.r.choice((0, 8))
        return self.r.getrandbits(5) << 3

    def _window(self) -> bytes:
        data = b"".join(self.maker.word().to_bytes(4, "big") for _ in range(FLOATS // 4))
        data += b"".join(self._float().to_bytes(8, "big") for _ in range((PACKED - FLOATS) // 8))
        return data + b"".join(self.maker.packed(8, 1) for _ in range((512 - PACKED) // 8))

    def _starts(self, pieces: list[bytes]) -> list[int]:
        starts = [0]
        for piece in pieces:
            starts.append(starts[-1] + len(piece))
        return starts

    def _settle_all(self, pieces: list[bytes]) -> None:
        """Let branches go to the beginning of one of the next pieces."""
        starts = self._starts(pieces)
        for n, piece in enumerate(pieces):
            if piece[0] in BRANCHES and len(piece) == 4:
                target = starts[min(n + self.r.randrange(1, 6), len(pieces))]
                pieces[n] = piece[:2] + (0xA000 | target).to_bytes(2, "big")

    def _constants(self, pieces: list[bytes]) -> bytes:
        r = self.r
        cr0, cr1 = control(self.variant)
        data = bytearray(160)

        def put(at: int, *words: int) -> None:
            data[at : at + 4 * len(words)] = b"".join(word.to_bytes(4, "big") for word in words)

        put(CONTROLS_AT, cr0 | r.choice((0, *SUBMASKS)), cr1)
        put(CLOCKS_AT, r.choice((0, 0x10, 0xFFFFFFFF)), 0, r.choice((0xF0000000, 0x90000000, 0x7FF00000)), 0)
        put(BLOCK_AT, STAGE + 2048 * r.randrange(BLOCKS))
        put(TIMER_AT, r.choice((0x100, 0x200, 0x500)))
        chain = CODE + DATA + CHAIN_AT
        caw_key = r.choice((0, 0, 0, self.key))
        put(CHANNEL_AT, (caw_key << 28) | chain)
        for n in range(3):
            if not caw_key and r.random() < 0.04:
                put(CHAIN_AT + 8 * n, 0x09 << 24 | SIZE - 16, r.choice((8, 80)))
                continue
            command = r.choice(COMMANDS) if n else 0x09
            address = chain + 8 * r.randrange(n, 3) if command == 8 else r.choice(WINDOWS) + r.randrange(500)
            flags = r.choice((0, 0x20, 0x20, 0x60, 0x60, 0x40)) if n < 2 else r.choice((0, 0x20))
            put(CHAIN_AT + 8 * n, command << 24 | address, flags << 24 | r.choice((1, 8, 80, 132, 24)))
        # PSWs go to pieces near the end, so that a program ends; where LPSW stands decides which it may use
        starts = self._starts(pieces)
        loads = [n for n, piece in enumerate(pieces) if piece[0] == LOAD_PSW and len(piece) == 4]
        later = [start for n, start in enumerate(starts[:-1]) if n > (loads[-1] if loads else 0)] or [starts[-1]]
        for n in range(PSWS):
            ec = r.random() < 0.5 if self.mixed else self.ec
            mask = r.choice((0, 1, 2, 3)) if ec else r.choice((0, 1, 0x80, 0xFF))
            if ec and self.translating:
                mask |= r.choice((0, 4, 4))
            mode = (8 if ec else 0) | (r.random() < 0.1 and not self.starts)
            key = self.key if self.wild or r.random() < 0.8 else 0
            target = r.choice(later[:5])
            if r.random() < 0.02:
                target += 1
            psw = PSW(mask, key, mode, r.getrandbits(2), r.choice((0, 0, 15)), CODE + target)
            put(PSWS_AT + 8 * n, *psw.words())
        put(MASKS_AT, (cr0 if self.ec else 0) | r.choice(SUBMASKS), r.choice((0, 0xFFFF, r.getrandbits(16))))
        waits = [starts[n + 1] for n, piece in enumerate(pieces) if len(piece) == 14 and piece[10] == LOAD_PSW]
        wait = PSW(1, 0, 2 | (8 if self.ec else 0), 0, 0, CODE + (waits[0] if waits else 0))
        put(WAIT_AT, *wait.words(), (cr0 if self.ec else 0) | 0x80)
        put(EVENTS_AT, r.choice((0x80, 0x40, 0x20, 0x20, 0xA0, 0xE0)) << 24, *self._area())
        return bytes(data)

    def _area(self) -> tuple[int, int]:
        """First and last address for program-event recording: in the code, in a window, or nearly everything."""
        r = self.r
        start = r.choice((CODE + r.randrange(DATA), r.choice(WINDOWS) + r.randrange(512)))
        end = start + r.choice((0, 1, r.randrange(64), r.randrange(512), -1, -r.randrange(1, 64)))
        return start | r.choice((0, 0, 0xFF000000)), end | r.choice((0, 0, 0x7F000000))
