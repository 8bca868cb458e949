"""DIAGNOSE X'10': release pages (DMKHVC)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose

PAGE = 4096


@diagnose(0x10)
def release_pages(call: DiagnoseCall) -> None:
    """Rx: first page, Ry: last page, both on page boundaries inside of storage. They become zero; the host has them."""
    first, last = call.x, call.y
    call.specification(bool((first | last) & (PAGE - 1)) or first > last or last + PAGE > call.machine.storage.size)
    call.machine.storage.release(first, last + PAGE - first)
