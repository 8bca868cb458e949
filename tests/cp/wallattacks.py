"""What a guest may try to get out of its virtual machine: programs made at random, with a grain of sense.

Each kind of attack puts a program into the attacker's machine. The machine may end in any way that a machine can.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from cpvm.cp import iucvblok, vmcfblok
from cpvm.cp.diagnose import services
from cpvm.cp.vmblok import VMBLOK
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.s370.insn import table
from cpvm.s370.psw import PSW

from .wallworld import ADDRESSES, SEGMENT, SEGMENT_PAGES

CODE, LISTS, PROGRAMS, TEXTS, TABLES = 0x1000, 0x2000, 0x3000, 0x5000, 0x8000
"""Where in storage: instructions, parameter lists, channel programs, command lines, translation tables."""
DISABLED = bytes.fromhex("0002000000000BAD")
SEGMENT_END = SEGMENT + SEGMENT_PAGES * 4096
LOOPS, ONCE = 400, 1
USERIDS = ("ATTACK", "VICTIM", "PARTNER", "OWNER", "OPERATOR", "WITNESS", "SYSTEM", "*", "*MSG", "*MSGALL", "NOSUCH")
COMMANDS = (
    "LINK VICTIM 191 {v} {m} {p}", "LINK VICTIM 192 {v} {m}", "LINK OWNER 190 {v} {m} {p}", "LINK * 191 {v} {m}",
    "DET {v}", "DEF {v} {v}", "DEF T3350 {v} {n}", "DEF STOR {s}", "DEF STOR 16M", "DEF STOR 1M", "DEF GRAF {v}",
    "TRANSFER {n} TO ATTACK", "TRANSFER ALL FROM VICTIM", "TRANSFER VICTIM RDR {n} TO * RDR", "PURGE RDR {n}",
    "PURGE VICTIM RDR ALL", "CHANGE RDR {n} CLASS Z", "CHANGE VICTIM RDR ALL NOHOLD", "ORDER RDR {n}", "PURGE ALL",
    "SPOOL PUN TO {u}", "SPOOL PRT TO {u} CLASS A", "SPOOL RDR HOLD CONT", "CLOSE PUN", "CLOSE PRT", "CLOSE RDR",
    "TAG DEV PUN {u} {a}", "TAG QUERY FILE {n}", "D {a}-{a}", "D {a}.{a}", "D T{a}.{n}", "D K0-END", "D X", "D G0-F",
    "STORE {a} {a}", "STORE S{a} DEADBEEF", "STORE G{n} {a}", "STORE X{n} {a}", "STORE STATUS", "DUMP {a}.{n}",
    "VMDUMP {a}.{n} TO {u}", "DCP 0-100", "STCP 0 0", "DMCP 0.10", "LOCATE {u}", "LOCK {u} 0 1", "HCP Q TIME",
    "SAVESYS WALLSEG", "SAVESEG WALLSEG", "DEFSEG WALLSEG 300-30F EW", "PURGE NSS WALLSEG", "IPL WALLSEG", "IPL {v}",
    "SEND {u} LOGOFF", "SEND CP {u} LOGOFF", "FORCE {u}", "SET SECUSER {u}", "SET OBSERVER {u}", "SET PRIV +A",
    "SET CLASS ABC", "SET SHARE VICTIM ABS 1%", "SET PRIORITY VICTIM 99", "SET FAVORED VICTIM", "SET PASSWORD X",
    "AUTOLOG VICTIM X", "MSG {u} {a}", "WNG {u} {a}", "SMSG {u} {a}", "COUPLE {v} {u} {v}", "ATTACH {v} {u} {v}",
    "ATTACH {v} * {v}", "Q {u}", "Q V ALL", "Q F", "Q RDR ALL", "Q LINKS {v}", "Q NSS", "Q {v}", "Q SET", "Q NAMES",
    "TRACE ALL", "TRACE END", "PER BR", "PER END", "ADSTOP {a}", "BEGIN {a}", "RESET {v}", "READY {v}", "NOTREADY {v}",
    "SYSTEM RESET", "SYSTEM CLEAR", "EXTERNAL", "REWIND {v}", "SET SYMBOLS {n}", "SET PF1 IMM Q TIME", "MONITOR START",
    "SHUTDOWN", "VARY OFF {v}", "DIAL {u}", "NETWORK START", "ACNT ALL", "INDICATE USER {u}", "#CP Q TIME",
    "\x00\x01\x02", "D {a}" * 20, "X" * 240,
)  # fmt: skip
Put = Callable[[VMBLOK, random.Random], None]


def size_of(vm: VMBLOK) -> int:
    """Bytes of the machine's storage."""
    return vm.machine.storage.size


def address(dice: random.Random, size: int) -> int:
    """An address: at an end of storage, of a page, of the segment, at the end of 24 bits, or anywhere."""
    near = -dice.choice((0, 0, 1, 2, 3, 4, 7, 8, 16, 255, 256, 2048, 4096)) + dice.choice((0, 0, 1, 8))
    base = dice.choice((
        0, size, size, size - 4096, 1 << 24, 1 << 31, 1 << 32, SEGMENT, SEGMENT_END, SEGMENT + 4096, LISTS, PROGRAMS,
        dice.randrange(size) & ~0xFFF, dice.randrange(size) & ~7, dice.randrange(1 << 24), dice.randrange(1 << 32),
    ))  # fmt: skip
    return base + near & 0xFFFFFFFF


def value(dice: random.Random, size: int) -> int:
    """What a register may hold."""
    return dice.choice((
        address(dice, size), address(dice, size), dice.choice(ADDRESSES), dice.randrange(64), LISTS, PROGRAMS, TEXTS,
        0xFFFFFFFF, 0x40000000 | dice.randrange(300), dice.randrange(1 << 32),
    ))  # fmt: skip


def begin(vm: VMBLOK, dice: random.Random, code: bytes, *, ec: bool = False, times: int = LOOPS) -> None:
    """Have the machine execute CODE so often, then wait, disabled."""
    machine = vm.machine
    # register 15 counts; the code may destroy it, and then the loop ends early, late, or never
    machine.storage.write(CODE, code + bytes.fromhex("46F0") + (CODE & 0xFFF | 0xE000).to_bytes(2, "big"))
    machine.storage.write(CODE + len(code) + 4, bytes.fromhex("82000F00"))
    machine.storage.write(0xF00, DISABLED)
    machine.gr[14], machine.gr[15] = CODE & ~0xFFF, times
    after = struct.pack(">II", 0x00080000 if ec else 0, CODE + len(code))
    goes_on = dice.random() < 0.5
    for new in (0x58, 0x60, 0x68, 0x70, 0x78):
        machine.storage.write(new, after if goes_on else DISABLED)
    mode = 0x00080000 if ec else 0xFF000000 if dice.random() < 0.3 else 0
    machine.psw = PSW.from_bytes(struct.pack(">II", mode | dice.choice((0, 0, 0, 3)) << 20, CODE))


def keys(vm: VMBLOK, dice: random.Random) -> None:
    """Protect some blocks."""
    storage = vm.machine.storage
    for _ in range(dice.choice((0, 0, 4))):
        storage.set_key(dice.randrange(storage.size // 2048) * 2048, dice.choice((0x30, 0x38, 0x50, 0x58)))


def texts(vm: VMBLOK, dice: random.Random) -> None:
    """Command lines, names and lists where registers may point to."""
    size, storage = size_of(vm), vm.machine.storage
    for at in range(TEXTS, TEXTS + 0x1000, 0x100):
        storage.write(at, to_ebcdic(command(dice, size)[:256]).ljust(256, dice.choice((b"\x40", b"\x15", b"\0"))))
    name = to_ebcdic(dice.choice(("WALLSEG ", "NOSUCH  ", "HALF    ", "ASSEMBLE")))
    words = [value(dice, size) for _ in range(4)]
    storage.write(TEXTS, name + struct.pack(">HHIIIII", dice.randrange(4), 0, *words, 0))


def command(dice: random.Random, size: int) -> str:
    """A line for CP."""
    return dice.choice(COMMANDS).format(
        v=f"{dice.choice((*ADDRESSES, 0xFFF, 0x1A0)):03X}", m=dice.choice(("R", "RR", "W", "MW", "MR", "M", "WR")),
        p=dice.choice(("ALL", "RVICTIM1", "X", "WRITEPAX")), n=dice.choice((0, 1, 2, 9, 99, 9999, 65535)),
        s=dice.choice(("8K", "64K", "256K", "2M", "15M", "17M")), u=dice.choice(USERIDS),
        a=f"{address(dice, size):X}"[-6:],
    )  # fmt: skip


# ---- kinds of attack


def diagnose(vm: VMBLOK, dice: random.Random) -> None:
    """A DIAGNOSE with wild operands."""
    machine, size = vm.machine, size_of(vm)
    known = [service.code for service in services()]
    code = dice.choice((*known, *known, dice.randrange(0x10000)))
    parameters(vm, dice)
    programs(vm, dice)
    texts(vm, dice)
    keys(vm, dice)
    for number in range(14):
        machine.gr[number] = value(dice, size)
    rx, ry = dice.randrange(14), dice.randrange(14)
    if code in (0x08, 0x64, 0x100):
        machine.gr[rx] = TEXTS + 0x100 * dice.randrange(1, 15) if code == 0x08 else TEXTS
        machine.gr[ry] = dice.choice((0, 4, 8, 12)) if code == 0x64 else dice.choice((8, 240, 0x400000F0))
    if code in (0x18, 0x20):
        machine.gr[rx], machine.gr[ry] = dice.choice(ADDRESSES), PROGRAMS + 8 * dice.randrange(16)
    # a code beyond X'FFF' is made by a base register
    where = 0xD000 | code & 0xFFF if code > 0xFFF else code
    begin(vm, dice, struct.pack(">BBH", 0x83, rx << 4 | ry, where), ec=dice.random() < 0.3, times=ONCE)
    if code > 0xFFF:
        machine.gr[13] = code & ~0xFFF


def segment(vm: VMBLOK, dice: random.Random) -> None:
    """Load and purge the segment, with buffers of CP's services in it."""
    machine = vm.machine
    parameters(vm, dice)
    texts(vm, dice)
    machine.storage.write(TEXTS, to_ebcdic("WALLSEG "))
    code = b""
    for _ in range(8):
        load = bytes.fromhex("58200F08 413000") + bytes((dice.choice((0, 0, 4, 8, 12)),)) + bytes.fromhex("83230064")
        others = ("83450070", "83450068", "83450000", "B2F04000", "D20743004000", "83560008")
        code += dice.choice((load, load, bytes.fromhex(dice.choice(others))))
    for number in range(14):
        machine.gr[number] = dice.choice((SEGMENT, SEGMENT + 0x1000, SEGMENT_END - 40, SEGMENT_END - 8, LISTS))
    machine.gr[0] = dice.choice((12, 11, 4, 2))
    machine.gr[5], machine.gr[6] = TEXTS + 0x100, 16
    begin(vm, dice, code, times=4)
    machine.storage.write(0xF08, struct.pack(">I", TEXTS))


def parameters(vm: VMBLOK, dice: random.Random) -> None:
    """Parameter lists of VMCF, IUCV, and others, one behind the other."""
    size, storage = size_of(vm), vm.machine.storage
    for at in range(LISTS, LISTS + 0x1000, 0x40):
        user = to_ebcdic(f"{dice.choice(USERIDS):<8}")
        if dice.random() < 0.5:
            block = struct.pack(
                ">BxHI8sIIII8s", dice.choice((0, 0x20, 0x40, 0x80)), dice.choice(list(vmcfblok.Function)),
                dice.randrange(4), user, *area(dice, size), *area(dice, size), bytes(8),
            )  # fmt: skip
        else:
            block = struct.pack(
                ">HBxIIIIIIIIxxxx", dice.randrange(8), dice.choice((0, 0x10, 0x40, 0x50, 0x80, dice.randrange(256))),
                dice.randrange(20), dice.randrange(3), *area(dice, size), 0, 0, *area(dice, size),
            )  # fmt: skip
            if dice.random() < 0.4:
                block = block[:8] + user + block[16:]
        storage.write(at, block)


def area(dice: random.Random, size: int) -> tuple[int, int]:
    """An address and a length."""
    length = dice.choice((0, 1, 8, 40, 48, 256, 4096, size, 1 << 24, dice.randrange(1 << 32)))
    start = size - length + dice.choice((0, 0, 1, -1)) if dice.random() < 0.3 else address(dice, size)
    return start & 0xFFFFFFFF, length


def vmcf(vm: VMBLOK, dice: random.Random) -> None:
    """Requests of VMCF, one after the other."""
    parameters(vm, dice)
    keys(vm, dice)
    machine = vm.machine
    authorize = struct.pack(">BxHI8sIIII8s", 0, 0, 0, bytes(8), 0x7000, dice.choice((40, 256, 0x1000)), 0, 0, bytes(8))
    machine.storage.write(LISTS, authorize)
    machine.gr[4] = LISTS
    machine.set_cr(0, dice.choice((0xE0, 0xE3)))
    begin(vm, dice, bytes.fromhex("83450068 41404040"), times=40)


def iucv(vm: VMBLOK, dice: random.Random) -> None:
    """Functions of IUCV, one after the other."""
    parameters(vm, dice)
    keys(vm, dice)
    machine = vm.machine
    buffer = dice.choice((0x7000, SEGMENT, address(dice, size_of(vm)) & ~7))
    machine.storage.write(LISTS + 12, struct.pack(">I", buffer))
    functions = [dice.choice((*iucvblok.Function, 11, 11, 4, 4, 5, 18)) for _ in range(39)]
    machine.storage.write(0xE00, struct.pack(">40I", iucvblok.Function.DECLARE_BUFFER, *functions))
    machine.gr[4], machine.gr[5] = LISTS, 0xE00
    machine.set_cr(0, dice.choice((0xE0, 0xE3)))
    begin(vm, dice, bytes.fromhex("58005000 B2F04000 41404040 41505004"), times=40)


_CCWS = (
    *(0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x07, 0x08, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x11, 0x12, 0x13),
    *(0x15, 0x16, 0x1A, 0x19, 0x1B, 0x1D, 0x1E, 0x1F, 0x22, 0x23, 0x29, 0x31, 0x31, 0x42, 0x63, 0x86, 0x8E, 0x92, 0x96),
    *(0x9A, 0x9E, 0xE3, 0xC3, 0xE4, 0xFB, 0x14, 0x0F, 0x05, 0x06, 0x1D, 0x02),
)
_SEEK_AREA = PROGRAMS + 0xC00


def programs(vm: VMBLOK, dice: random.Random) -> None:
    """Channel programs: read into themselves, indirect, chained, looping, for what stands elsewhere."""
    size, storage = size_of(vm), vm.machine.storage
    for n in range(64):
        where = dice.choice((address(dice, size), address(dice, size) & ~0x7FF, PROGRAMS + 8 * n))
        storage.write(PROGRAMS + 0x800 + 4 * n, struct.pack(">I", where & dice.choice((0xFFFFFFFF, *[0xFFFFFF] * 9))))
    cylinder, head = dice.choice((0, 1, 2, 3, 4, 5, 0xFFFF)), dice.choice((0, 1, 29, 30, 0xFFFF))
    storage.write(_SEEK_AREA, struct.pack(">HHHB", 0, cylinder, head, dice.randrange(4)))
    ccws = []
    for _ in range(32):
        opcode = dice.choice(_CCWS)
        where = dice.choice((address(dice, size), PROGRAMS + 8 * dice.randrange(32), _SEEK_AREA, 0x7000))
        flags = dice.choice((0x40, 0x60, 0x60, 0x20, 0x80, 0xA0, 0xC0, 0x50, 0x68, 0x44, 0x64, 0x70, 0))
        if flags & 4:
            where = PROGRAMS + 0x800 + 4 * dice.randrange(64)
        if opcode & 15 == 8:
            where = PROGRAMS + 8 * dice.randrange(40)
        count = dice.choice((1, 1, 5, 6, 7, 8, 80, 132, 800, 4096, 0x8000, 0xFFFF, 0))
        if opcode in (0x07, 0x31, 0x0B, 0x1B):
            where, count, flags = _SEEK_AREA + (2 if opcode == 0x31 else 0), 5 + (opcode != 0x31), 0x60
        ccws.append(struct.pack(">IHH", opcode << 24 | where & 0xFFFFFF, flags << 8, count))
    storage.write(PROGRAMS, b"".join(ccws))


def channel(vm: VMBLOK, dice: random.Random) -> None:
    """Start I/O and its like, over and over."""
    programs(vm, dice)
    keys(vm, dice)
    machine = vm.machine
    key = dice.choice((0, 0, 0, 3)) << 28
    machine.storage.write(0x48, struct.pack(">I", key | PROGRAMS + 8 * dice.randrange(32)))
    for number in range(14):
        machine.gr[number] = dice.choice(ADDRESSES)
    code = b""
    for _ in range(12):
        operation = dice.choice((0x9C00, 0x9C00, 0x9C01, 0x9D00, 0x9D01, 0x9E00, 0x9E01, 0x9F00))
        code += struct.pack(">HH", operation, dice.randrange(1, 13) << 12)
    begin(vm, dice, code, times=40)
    machine.psw = PSW.from_bytes(struct.pack(">II", dice.choice((0, 0xFF000000)), CODE))


_OPCODES = tuple(row.opcode for row in table().values() if row.mnemonic != "DIAG")


def translation(vm: VMBLOK, dice: random.Random) -> None:
    """Segment and page tables whose entries point anywhere."""
    size, storage = size_of(vm), vm.machine.storage
    vm.machine.set_cr(1, 0xFF000000 | TABLES)
    for n in range(64):
        entry = dice.choice((0xF0000000 | TABLES + 0x1000, address(dice, size) & 0xFFFFF8)) | dice.choice((0, 0, 1))
        storage.write(TABLES + 4 * n, struct.pack(">I", entry))
    for n in range(256):
        entry = dice.choice((n << 4, dice.randrange(1 << 16), (size >> 8) + dice.randrange(-32, 32)))
        storage.write(TABLES + 0x1000 + 2 * n, struct.pack(">H", entry & 0xFFFF))


def instructions(vm: VMBLOK, dice: random.Random) -> None:
    """Instructions of all kinds with operands at the ends of storage; translation tables that point anywhere."""
    machine, size = vm.machine, size_of(vm)
    storage = machine.storage
    ec = dice.random() < 0.6
    machine.set_cr(0, dice.choice((0x00900000, 0x00800000, 0x00500000, 0x00400000, 0x00880000)) | 0xE0)
    machine.set_cr(1, dice.choice((0, 0xFF000000, 0x0F000000)) | address(dice, size) & 0xFFFFC0)
    if dice.random() < 0.7:
        translation(vm, dice)
    keys(vm, dice)
    for number in range(14):
        machine.gr[number] = address(dice, size)
    code = b""
    for _ in range(dice.choice((4, 12, 30))):
        opcode = dice.choice(_OPCODES)
        text = (opcode.to_bytes(1 if opcode < 256 else 2, "big") + dice.randbytes(6))[:6]
        code += text[: 2 if text[0] < 0x40 else 4 if text[0] < 0xC0 else 6]
    begin(vm, dice, code, ec=ec)
    if ec and dice.random() < 0.7:
        machine.psw = PSW.from_bytes(struct.pack(">II", 0x04080000 | dice.choice((0, 0, 3)) << 20, CODE))
    if dice.random() < 0.3:  # in the last bytes of storage
        at = size - dice.choice((2, 4, 6, 8, 16, 40))
        storage.write(at, code[: size - at])
        machine.psw = PSW.from_bytes(struct.pack(">II", 0, at))
    if dice.random() < 0.2:
        wrong = (dice.randbytes(8), bytes.fromhex("0008000000000001"), bytes.fromhex("FF0C0000FFFFFFFE"), bytes(8))
        storage.write(0x68, dice.choice(wrong))


def commands(vm: VMBLOK, dice: random.Random) -> None:
    """Commands of CP, given by DIAGNOSE X'08', with the answers in storage."""
    machine, size = vm.machine, size_of(vm)
    lines = [command(dice, size) for _ in range(dice.choice((1, 3)))]
    data = b"\x15".join(to_ebcdic(line[:240]) for line in lines)[:240]
    machine.storage.write(TEXTS, data)
    machine.gr[2], machine.gr[4] = TEXTS, len(data) | dice.choice((0, 0x40000000))
    machine.gr[3], machine.gr[5] = dice.choice((0x7000, size - 4096, SEGMENT)), 4096
    begin(vm, dice, bytes.fromhex("83240008"), times=ONCE)


ATTACKS: dict[str, Put] = {
    "diagnose": diagnose,
    "segment": segment,
    "vmcf": vmcf,
    "iucv": iucv,
    "channel": channel,
    "instructions": instructions,
    "commands": commands,
}
"""By name."""
