"""QUERY FILES, READER, PRINTER, PUNCH."""

from __future__ import annotations

from cpvm.cp.clock import hhmmss, mmddyy
from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.logon import files_line
from cpvm.cp.operand import Operands
from cpvm.cp.spool import QUEUES, SpoolFile
from cpvm.cp.spoolfile import STANDARD_FORM
from cpvm.cp.spoolword import chosen_files, files_in, spool_class, whose

SHORT_HEADER = "OWNERID  FILE CLASS RECDS  CPY HOLD"
LONG_HEADER = "OWNERID  FILE CLASS RECDS  CPY HOLD   DATE  TIME    NAME    TYPE     DIST"


@query("FILES", minimum=1)
def query_files(request: Request, operands: Operands) -> Answer:
    """How many files wait in each queue, of all classes or of one; class D: also of somebody else, or of everybody."""
    owner = whose(request, operands)
    wanted = spool_class(operands.take()) if operands.skip("CLASS", 2) else None
    operands.end()
    if owner == request.vm.userid and wanted is None:
        request.write(files_line(request.vm, always=True) or "")
        return 0
    counts = []
    for queue in QUEUES:
        files = request.system.spool.files(queue, owner)
        counts.append((queue, sum(1 for file in files if wanted in (None, file.spool_class))))
    request.write("FILES: " + ", ".join(f"{count:03} {queue}" if count else f"NO {queue}" for queue, count in counts))
    return 0


def _line(file: SpoolFile, userid: str, *, long: bool) -> str:
    line = (
        f"{userid:<8} {file.spoolid:04} {file.spool_class} {file.kind} {file.records:06}"
        f" {file.copies:02}  {file.holds:<4}"
    )
    if long:
        date, time = mmddyy(file.created)[:5], hhmmss(file.created)
        line += f" {date} {time} {file.name:<8} {file.type:<8} {file.dist:<8}"
        if file.form != STANDARD_FORM:
            line += f" FORM {file.form}"
    return line.rstrip()


def _queue(word: str, minimum: int, queue: str) -> None:
    @query(word, minimum=minimum, classes="DG")
    def query_queue(request: Request, operands: Operands) -> Answer:
        """The files of one queue; with any operand also dates and names.

        OWNERID is who made the file; for class D, in the queues of others, the user in whose queue it is.
        """
        long = operands.peek() is not None
        owner, candidates = files_in(request, operands, queue)
        files = chosen_files(request, operands, candidates, queue=queue, several=True)
        if not files:
            request.write(f"NO {queue} FILES")
            return 0
        request.write(LONG_HEADER if long else SHORT_HEADER)
        for file in files:
            request.write(_line(file, file.origin if owner == request.vm.userid else file.owner, long=long))
        return 0


for _word, _minimum, _queue_name in (
    ("READER", 1, "RDR"), ("RDR", 3, "RDR"), ("PRINTER", 1, "PRT"), ("PRT", 3, "PRT"), ("PUNCH", 2, "PUN"),
    ("PCH", 3, "PUN"),
):  # fmt: skip
    _queue(_word, _minimum, _queue_name)
