"""DIAGNOSE X'3C': the directory on a volume has changed (DMKUDR)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.s370.ebcdic import from_ebcdic

_NO_VOLUME = 2


@diagnose(0x3C, classes="ABC")
def use_directory(call: DiagnoseCall) -> None:
    """Rx: first four characters of a volume's name, left half of Ry: the other two.

    The directory is used in the state that it was last replaced or changed in, whoever did it. Condition code 0; 2 if
    the system has no such volume.
    """
    volid = from_ebcdic(call.x.to_bytes(4, "big") + (call.y >> 16).to_bytes(2, "big")).rstrip()
    call.set_cc(0 if volid in call.vm.system.directory.volumes else _NO_VOLUME)
