"""What is installed and what is not agrees with the instruction table."""

from cpvm.s370.facilities import NOT_INSTALLED, NOTES, Facility
from cpvm.s370.insn import by_mnemonic, by_opcode, table


def test_every_facility_has_instructions() -> None:
    assert {row.facility for row in table().values()} == set(Facility)
    assert set(NOTES) <= set(Facility)


def test_what_is_not_installed_is_not_in_the_table() -> None:
    for absent in NOT_INSTALLED:
        assert absent.reason
        for mnemonic, opcode in absent.instructions.items():
            assert by_mnemonic(mnemonic) is None, mnemonic
            assert by_opcode(opcode) is None, mnemonic
