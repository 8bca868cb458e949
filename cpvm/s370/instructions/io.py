"""Input and output: the second-operand address is that of a device or a channel.

Source: *Principles of Operation*, GA22-7000, "I/O Instructions".
"""

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.ops import Ops

IO_ADDRESS = 0xFFFF


@insn(0x9C00, "SIO", Format.S, privileged=True)
def start_io(m: Ops, a2: int) -> None:
    """Start I/O."""
    m.set_cc(m.start_io(a2 & IO_ADDRESS))


@insn(0x9C01, "SIOF", Format.S, privileged=True, facility=Facility.CHANNEL)
def start_io_fast(m: Ops, a2: int) -> None:
    """Start I/O Fast Release."""
    m.set_cc(m.start_io_fast(a2 & IO_ADDRESS))


@insn(0x9D00, "TIO", Format.S, privileged=True)
def test_io(m: Ops, a2: int) -> None:
    """Test I/O."""
    m.set_cc(m.test_io(a2 & IO_ADDRESS))


@insn(0x9D01, "CLRIO", Format.S, privileged=True, facility=Facility.CHANNEL)
def clear_io(m: Ops, a2: int) -> None:
    """Clear I/O."""
    m.set_cc(m.clear_io(a2 & IO_ADDRESS))


@insn(0x9E00, "HIO", Format.S, privileged=True)
def halt_io(m: Ops, a2: int) -> None:
    """Halt I/O."""
    m.set_cc(m.halt_io(a2 & IO_ADDRESS))


@insn(0x9E01, "HDV", Format.S, privileged=True)
def halt_device(m: Ops, a2: int) -> None:
    """Halt Device."""
    m.set_cc(m.halt_device(a2 & IO_ADDRESS))


@insn(0x9F00, "TCH", Format.S, privileged=True)
def test_channel(m: Ops, a2: int) -> None:
    """Test Channel."""
    m.set_cc(m.test_channel(a2 & IO_ADDRESS))


@insn(0xB203, "STIDC", Format.S, privileged=True, facility=Facility.CHANNEL)
def store_channel_id(m: Ops, a2: int) -> None:
    """Store Channel ID."""
    m.set_cc(m.store_channel_id(a2 & IO_ADDRESS))
