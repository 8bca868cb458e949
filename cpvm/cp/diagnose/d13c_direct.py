"""DIAGNOSE X'13C': check a directory source, and install it. DIRECT of CMS uses it."""

from __future__ import annotations

from typing import Any

from cpvm.cp import direct, privileged
from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.directory import Directory
from cpvm.cp.directory_source import DirectoryError
from cpvm.cp.journal import OK, What
from cpvm.cp.signon import place_of
from cpvm.s370.ebcdic import from_ebcdic

CARD = 80
MOST = 8 * 1024 * 1024
_CHECK_ONLY = 0x80000000  # of Ry
_LENGTH = 0x00FFFFFF
DONE, IN_ERROR, NOT_ALLOWED = 0, 1, 3
_CLASSES = frozenset("ABC")


@diagnose(0x13C)
def install_directory(call: DiagnoseCall) -> None:
    """Rx: address of the source, cards of 80 bytes; Ry: its length, and X'80' in the first byte to check it only.

    For privilege classes A, B and C; condition code 3 for others. CP types what is wrong. Ry gets the number of errors;
    condition code 0: done, 1: errors, and nothing is changed. The machine waits meanwhile; CP does not.
    """
    if not _CLASSES & set(call.vm.classes):
        privileged.diagnose(call.vm, 0x13C, result=privileged.REFUSED)
        call.set_cc(NOT_ALLOWED)
        return
    length = call.y & _LENGTH
    call.specification(not 0 < length <= MOST or length % CARD != 0)
    data = call.read(call.x, length)
    source = "\n".join(from_ebcdic(data[at : at + CARD]) for at in range(0, length, CARD))
    only_check = bool(call.y & _CHECK_ONLY)
    call.vm.defer(lambda: _work(call, source, only_check))


def _work(call: DiagnoseCall, source: str, only_check: bool) -> None:
    vm, generation = call.vm, call.vm.generation
    system = vm.system
    there = system.directory.present()
    vm.hold()

    def done(result: Any, error: Exception | None) -> None:
        if vm.logged_off or vm.generation != generation:
            return
        try:
            if error is not None:
                raise error
            assert isinstance(result, Directory)
            if not only_check:
                direct.install(system.folder, system.directory, result)
                _note(call)
            _end(call, 0, direct.CHECKED if only_check else direct.UPDATED)
        except (DirectoryError, direct.InstallError) as trouble:
            if isinstance(trouble, direct.InstallError):
                system.log.troubles.tell(f"DIRECT BY {vm.userid}", str(trouble).upper())
            texts = direct.messages(trouble)
            if not only_check:
                _note(call, "ERROR")
            for text in texts:
                vm.message(text)
            _end(call, len(texts), direct.NOT_UPDATED)
        except Exception as trouble:
            vm.message(system.log.failure(f"DIRECT BY {vm.userid}", trouble).full())
            _end(call, 1, direct.NOT_UPDATED)
        finally:
            vm.release()

    system.offload(lambda: direct.check(source, there), done, lengthy=True)


def _note(call: DiagnoseCall, result: str = OK) -> None:
    place = str(place_of(call.vm.console.session))
    call.vm.system.journal.write(What.DIRECTORY, call.vm.userid, place=place, about="REPLACED", result=result)


def _end(call: DiagnoseCall, errors: int, text: str) -> None:
    call.vm.console.write_cp(text)
    call.set_y(errors)
    call.set_cc(IN_ERROR if errors else DONE)
