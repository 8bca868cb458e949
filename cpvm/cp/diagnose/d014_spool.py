"""DIAGNOSE X'14': input spool files, page by page (DMKDRD). Source: GC20-1807, "DIAGNOSE Code X'14'"."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.pagereader import PageReader
from cpvm.cp.spool import SpoolFile
from cpvm.cp.spoolfile import ERRORS
from cpvm.cp.spoolpage import DESCRIPTOR_LENGTH, PAGE, SFBLOK_LENGTH, descriptor, sfblok
from cpvm.cp.vspool import Reader
from cpvm.machine.device import MediaError

_DONE, _END, _NOT_FOUND, _ERROR = range(4)
_NO_DEVICE, _NO_READER, _BUSY, _PAGING = 4, 8, 12, 16
_SUBSEQUENT = 0xFFF
_MOST_COPIES = 0xFF
_CARDS = ("PUN", "RDR")


class _Failure(Exception):
    """Condition code 3 with this code in Ry+1."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


@diagnose(0x14)
def spool_files(call: DiagnoseCall) -> None:
    """Rx: a buffer, a spoolid or a number of copies. Ry (even): the reader's address. Ry+1: what is to be done.

    X'000' next page of the file, X'004' next SFBLOK of a print file, X'008' of a card file, X'00C' put the file with
    this spoolid first, X'010' set copies, X'014' from the beginning, X'018' the page before, X'01C' X'020' the same as
    X'008' X'000' for monitor files, of which there are none, X'024' the page once more, X'FFF' SFBLOK and tag of the
    file behind the one whose spoolid is in Ry, or of the first one if that is 0. Condition code 0; 1 end of file, no
    more files; 2 no such file; 3 Ry+1 says why: 4 no device, 8 no reader, 12 not ready or in use, 16 not readable.
    """
    call.specification(bool(call.ry & 1))
    subcode = call.machine.gr[call.ry + 1] & 0xFFFF
    try:
        if subcode == _SUBSEQUENT:
            call.set_cc(_subsequent(call))
            return
        action = _ACTIONS.get(subcode)
        call.specification(action is None)
        assert action is not None
        call.set_cc(action(call, _reader(call)))
    except _Failure as failure:
        _error(call, failure.code)
    except (sqlite3.Error, MediaError, *ERRORS):
        _error(call, _PAGING)


def _error(call: DiagnoseCall, code: int) -> None:
    call.machine.gr[call.ry + 1] = code
    call.set_cc(_ERROR)


def _reader(call: DiagnoseCall) -> Reader:
    block = call.vm.devices.get(call.y) if call.y <= 0xFFF else None
    if block is None:
        raise _Failure(_NO_DEVICE)
    if not isinstance(block, Reader):
        raise _Failure(_NO_READER)
    if not block.ready or (block.current is not None and block.pages.file is None):
        raise _Failure(_BUSY)
    return block


def _give(call: DiagnoseCall, page: bytes | None) -> int:
    if page is None:
        return _END
    call.write(call.x, page)
    return _DONE


def _next_page(call: DiagnoseCall, reader: Reader) -> int:
    call.specification(bool(call.x % PAGE))
    call.read(call.x, PAGE)
    reader.pages.scanned = None
    if not reader.pages.open():
        return _NOT_FOUND
    return _give(call, reader.pages.read())


def _page_back(count: int) -> Callable[[DiagnoseCall, Reader], int]:
    def back(call: DiagnoseCall, reader: Reader) -> int:
        call.specification(bool(call.x % PAGE))
        call.read(call.x, PAGE)
        if reader.pages.file is None:
            return _NOT_FOUND
        return _give(call, reader.pages.back(count))

    return back


def _next_block(kind: str) -> Callable[[DiagnoseCall, Reader], int]:
    def block(call: DiagnoseCall, reader: Reader) -> int:
        call.specification(call.x % PAGE > PAGE - SFBLOK_LENGTH)
        wanted = [file for file in _files(call) if (file.kind in _CARDS) == (kind == "card")]
        pages: PageReader = reader.pages
        last = pages.scanned[1] if pages.scanned is not None and pages.scanned[0] == kind else 0
        numbers = [file.spoolid for file in wanted]
        index = numbers.index(last) + 1 if last in numbers else 0
        if index >= len(wanted):
            pages.scanned = None
            return _END if last else _NOT_FOUND
        call.write(call.x, sfblok(wanted[index], in_use=call.vm.system.in_use(wanted[index])))
        pages.scanned = (kind, numbers[index])
        return _DONE

    return block


def _select(call: DiagnoseCall, reader: Reader) -> int:
    file = next((file for file in _files(call) if file.spoolid == call.x), None)
    if file is None:
        return _NOT_FOUND
    spool = call.vm.system.spool
    spool.update(replace(file, position=spool.first_position()))
    return _DONE


def _repeat(call: DiagnoseCall, reader: Reader) -> int:
    if reader.pages.file is None:
        return _NOT_FOUND
    count = call.x - (1 << 32) if call.x >> 31 else call.x
    call.specification(count <= 0)
    reader.pages.set_copies(count % (_MOST_COPIES + 1) if count > _MOST_COPIES else count)
    return _DONE


def _restart(call: DiagnoseCall, reader: Reader) -> int:
    if reader.pages.file is None:
        return _NOT_FOUND
    reader.pages.rewind()
    return _DONE


def _no_monitor(call: DiagnoseCall, reader: Reader) -> int:
    return _NOT_FOUND


_ACTIONS: dict[int, Callable[[DiagnoseCall, Reader], int]] = {
    0x00: _next_page,
    0x04: _next_block("print"),
    0x08: _next_block("card"),
    0x0C: _select,
    0x10: _repeat,
    0x14: _restart,
    0x18: _page_back(1),
    0x1C: _no_monitor,
    0x20: _no_monitor,
    0x24: _page_back(0),
}


def _subsequent(call: DiagnoseCall) -> int:
    """The description of the file behind the one in Ry, whatever its type, class and holds."""
    call.specification(call.x % PAGE > PAGE - DESCRIPTOR_LENGTH)
    files = _files(call)
    index = 0
    if call.y:
        found = next((number for number, file in enumerate(files) if file.spoolid == call.y), None)
        if found is None:
            return _NOT_FOUND
        index = found + 1
    if index >= len(files):
        return _END
    call.write(call.x, descriptor(files[index], in_use=call.vm.system.in_use(files[index])))
    return _DONE


def _files(call: DiagnoseCall) -> list[SpoolFile]:
    return call.vm.system.spool.files("RDR", call.vm.userid)
