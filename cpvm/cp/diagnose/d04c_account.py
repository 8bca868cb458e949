"""DIAGNOSE X'4C': accounting records for the virtual user (DMKHVC, DMKCPV)."""

from __future__ import annotations

from cpvm.cp import accounting
from cpvm.cp.accounting import Charge
from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.s370.ebcdic import from_ebcdic

NO_OPTION, NO_USER, NO_FUNCTION = 1, 2, 3
_WITH_ACCOUNT, _WITH_DISTRIBUTION, _BOTH, _DATA = 4, 8, 12, 16
_LIST_LENGTH = 24
MOST_DATA = 70
_PAGE = 4096


@diagnose(0x4C)
def account(call: DiagnoseCall) -> None:
    """For users with OPTION ACCT. Rx: doubleword-aligned list of userid, account number, distribution, 8 bytes each, or
    0 for oneself; Ry: 0 the userid counts, 4 and the account, 8 and the distribution, X'C' all three. The record of the
    time up to now is made, and what is used from now on is charged to that user. Ry = X'10': Rx is the address of 1 to
    70 bytes, in Ry+1, which become a record as they are; they must not cross a page.

    Condition code 0; 1 the user has no OPTION ACCT, 2 no such user in the directory, 3 another number in Ry.
    """
    if "ACCT" not in call.vm.entry.options:
        call.set_cc(NO_OPTION)
    elif call.y == _DATA:
        _own_record(call)
    else:
        _charge(call)


def _own_record(call: DiagnoseCall) -> None:
    call.specification(call.ry == 15)
    length = call.machine.gr[call.ry + 1]
    call.specification(not 0 < length <= MOST_DATA)
    data = call.read(call.x, length)
    call.specification((call.x & _PAGE - 1) + length > _PAGE)
    vm = call.vm
    accounting.user_record(vm.system.database, vm.userid, data)
    call.set_cc(0)


def _charge(call: DiagnoseCall) -> None:
    vm = call.vm
    entry = vm.entry
    number, distribution = entry.account, entry.distribution
    if call.x:
        call.specification(bool(call.x & 7))
        fields = [from_ebcdic(call.read(call.x + at, 8)).rstrip("\0 ") for at in range(0, _LIST_LENGTH, 8)]
        found = vm.system.directory.users.get(fields[0])
        if found is None:
            call.set_cc(NO_USER)
            return
        entry = found
        number = fields[1] if call.y in (_WITH_ACCOUNT, _BOTH) else entry.account
        distribution = fields[2] if call.y in (_WITH_DISTRIBUTION, _BOTH) else entry.distribution
    if call.y not in (0, _WITH_ACCOUNT, _WITH_DISTRIBUTION, _BOTH):
        call.set_cc(NO_FUNCTION)
        return
    vm.account()
    vm.charge = Charge(entry.userid, number, distribution)
    call.set_cc(0)
