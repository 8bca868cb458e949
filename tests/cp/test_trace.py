"""TRACE, PER, SET SYMBOLS: following a guest."""

from __future__ import annotations

import pytest

from cpvm.cp.session import ReadState
from cpvm.s370.ebcdic import to_ebcdic

from .helper import FakeTerminal, Site

# S200  LA 1,5; loop: SVC 202; BCT 1,loop; LPSW disabled wait. The SVC's new PSW goes to 300: LA 2,1(,2); LPSW 20
PROGRAM = [
    "S200 41100003", "S204 0ACA", "S206 46100204", "S20A 82000280",
    "S280 000200000000DEAD",
    "S300 41220001", "S304 82000020",
    "S60 0000000000000300",
    "S68 0002000000000BAD",
    "PSW 00000000 00000200",
]  # fmt: skip


@pytest.fixture(params=["reference", "auto"])
def user(request: pytest.FixtureRequest, site: Site) -> FakeTerminal:
    site.system.engine = request.param
    terminal = site.logon("CMSUSER")
    for line in PROGRAM:
        assert terminal.type(f"STORE {line}") == ["STORE COMPLETE"]
    return terminal


WAIT = "DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 0000DEAD'"


def test_supervisor_calls(user: FakeTerminal) -> None:
    assert user.type("TRACE SVC RUN") == ["TRACE STARTED"]
    assert user.type("BEGIN") == ["*** 000204 SVC   00CA ==> 000300"] * 3 + [WAIT, "CP"]
    assert user.type("TRACE END") == ["TRACE ENDED"]
    user.type("STORE PSW 0 200")
    assert user.type("BEGIN") == [WAIT, "CP"]


def test_stepping(user: FakeTerminal) -> None:
    user.type("TRACE INST")
    assert user.type("BEGIN") == ["    000200 LA    41100003      >>  000003 CC 0", "CP"]
    assert user.type("B") == [
        "    000204 SVC   0ACA                  CC 0",
        "*** 000204 SVC   00CA ==> 000300",
        "CP",
    ]
    assert user.type("B") == ["    000300 LA    41220001      >>  000001 CC 0", "CP"]
    assert user.type("B") == ["::: 000304 LPSW  82000020 ==> 00000000 00000206", "CP"]
    assert user.type("B") == ["    000206 BCT   46100204      ==> 000204 CC 0", "CP"]
    assert user.type("TRACE INST OFF") == ["TRACE ENDED"]
    assert user.type("B") == [WAIT, "CP"]


def test_branches_and_their_targets(user: FakeTerminal) -> None:
    user.type("TRACE BRANCH INTO 204 RUN")
    assert user.type("BEGIN") == ["    000206 BCT   46100204      ==> 000204 CC 0"] * 2 + [WAIT, "CP"]


def test_printer(user: FakeTerminal, site: Site) -> None:
    assert user.type("TRACE ALL PRINTER") == ["TRACE STARTED"]
    assert user.type("BEGIN") == [WAIT, "CP"]
    user.type("TRACE END")
    assert "PRT FILE 0001" in user.type("CLOSE PRINTER")[0]
    file = site.system.spool.files("PRT", "CMSUSER")[0]
    assert file.records == 17


def test_commands_counts_and_conditions(user: FakeTerminal) -> None:
    user.type("TRACE LA RANGE 300-303 RUN SKIP 1 CMD D G2;D PSW")
    assert user.type("BEGIN") == [
        "    000300 LA    41220001      >>  000002 CC 0",
        "GPR  2 = 00000002",
        "PSW = 00000000 00000304",
        "    000300 LA    41220001      >>  000003 CC 0",
        "GPR  2 = 00000003",
        "PSW = 00000000 00000304",
        WAIT,
        "CP",
    ]
    assert user.type("QUERY TRACE") == [
        "NAME  INITIAL  (ACTIVE)",
        "   1  LA       RANGE 000300-000303",
        "      TERM NOPRINT RUN",
        "      SKIP 00001   PASS 00000   STOP 00000   STEP 00000   HITS 3",
        "      CMD  D G2;D PSW",
    ]


def test_registers_and_storage(user: FakeTerminal) -> None:
    user.type("TRACE G2 DATA 2 RUN")
    user.type("TRACE STORE INTO 20-27 RUN")  # the old PSW is stored by the interruption, not by an instruction
    assert user.type("BEGIN") == [
        "    000300 LA    41220001      >>  000002 CC 0",
        "           GPR  2 = 00000002",
        WAIT,
        "CP",
    ]
    user.type("TRACE END")
    user.type("STORE S200 D20304000500 47F00230")
    user.type("STORE S230 82000280")
    user.type("STORE S500 00C1C2C3")
    user.type("STORE PSW 0 200")
    user.type("TRACE STORE INTO 402 RUN")
    assert user.type("BEGIN") == [
        "    000200 MVC   D2030400 0500 >>  000500 CC 0",
        "           000400 = 00C1C2C3",
        WAIT,
        "CP",
    ]


def test_executed_instructions(user: FakeTerminal) -> None:
    user.type("STORE S200 44100210 82000280")
    user.type("STORE S210 41200000")
    user.type("STORE G1 00000005")
    user.type("TRACE INSTR RANGE 200-2FF RUN")
    assert user.type("BEGIN") == [
        "    000200 EX    44100210      000210 41200000 CC 0",
        "    000210 LA    41250000      >>  000000 CC 0",
        "::: 000204 LPSW  82000280 00020000 0000DEAD",
        WAIT,
        "CP",
    ]


def test_channel_programs(user: FakeTerminal) -> None:
    for line in ("S200 9C000009 82000280", "48 00000240", "S240 0900030060000004 0300000020000001", "S300 C1C2C3C4"):
        user.type(f"STORE {line}")
    user.type("TRACE CCW RUN")
    lines = user.type("BEGIN")
    assert lines[0] == "ABCD"
    assert lines[1:4] == [
        "I/O 000200 SIO   9C000009 CONS 009 CC 0 CAW 00000240",
        "CCW 000240 09000300 60000004",
        "CCW 000248 03000000 20000001",
    ]


def test_wild_branches_harm_nobody(user: FakeTerminal) -> None:
    user.type("STORE S200 47F00F00")
    user.type("STORE SF00 07F1")
    user.type("STORE G1 00FFFF00")
    user.type("STORE 48 00FFFFF8")
    user.type("TRACE ALL RUN")
    assert user.type("BEGIN") == [
        "    000200 BC    47F00F00      ==> 000F00 CC 0",
        "    000F00 BCR   07F1          ==> FFFF00 CC 0",
        "*** FFFF00 PROG  0005 ==> 000BAD",
        "DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 00000BAD'",
        "CP",
    ]
    user.type("STORE S200 9C00000982000280")
    user.type("STORE PSW 0 200")
    lines = user.type("BEGIN")
    assert "CCW FFFFF8 OUTSIDE STORAGE" in lines


def test_sets(user: FakeTerminal) -> None:
    user.type("TRACE SVC RUN CMD TRACE CALL INNER")
    user.type("TRACE CALL INNER")
    user.type("TRACE LA RUN CMD TRACE RETURN")
    assert user.type("TRACE RETURN") == []
    assert user.type("TRACE RETURN") == ["DMKTRA188E NO TRACE CALL IS ACTIVE"]
    assert user.type("BEGIN")[:4] == [
        "*** 000204 SVC   00CA ==> 000300",
        "    000300 LA    41220001      >>  000001 CC 0",
        "*** 000204 SVC   00CA ==> 000300",
        "    000300 LA    41220001      >>  000002 CC 0",
    ]
    assert user.type("QUERY TRACE SETS") == ["SETS: INITIAL, INNER"]
    assert user.type("TRACE END INNER") == []
    assert user.type("TRACE END INNER") == ["DMKTRA186E TRACE SET INNER DOES NOT EXIST"]
    assert user.type("TRACE END") == ["TRACE ENDED"]
    assert user.type("QUERY TRACE") == ["NO TRACE SETS DEFINED"]


def test_count(user: FakeTerminal) -> None:
    user.type("TRACE COUNT")
    user.type("BEGIN")
    assert user.type("TRACE COUNT STOP") == ["TRACE COUNT IS 14"]


def test_per(user: FakeTerminal) -> None:
    assert user.type("PER G2 00000003 RUN") == ["PER STARTED"]
    assert user.type("PER SAVE TWO") == []
    assert user.type("BEGIN") == [
        "    000300 LA    41220001      >>  000003 CC 0",
        "           GPR  2 = 00000003",
        WAIT,
        "CP",
    ]
    assert user.type("PER END") == ["PER ENDED"]
    user.type("STORE PSW 0 200")
    user.type("STORE G2 0")
    assert user.type("PER I 0ACA RANGE 200-2FF STEP 3") == ["PER STARTED"]
    assert user.type("BEGIN") == ["    000204 SVC   0ACA                  CC 0"] * 3 + ["CP"]
    assert user.type("PER I OFF") == ["PER ENDED"]
    assert user.type("QUERY PER NAMES") == ["PER TRACE SETS: TWO"]
    assert user.type("PER GET THREE") == ["DMKPER186E TRACE SET THREE DOES NOT EXIST"]
    assert user.type("PER XYZZY") == ["DMKPER003E INVALID OPTION - XYZZY"]


def test_per_mask(user: FakeTerminal) -> None:
    for line in ("S200 92010400 92800400 92810400 82000280",):
        user.type(f"STORE {line}")
    user.type("PER MASK 400 80 RUN")
    assert user.type("BEGIN")[:2] == ["    000204 MVI   92800400      >>  000400 CC 0", "           000400 = 80"]


def test_symbols(user: FakeTerminal, site: Site) -> None:
    user.type("SET SYMBOLS LOOP 204")
    user.type("SET SYMBOLS ADD 300")
    assert user.type("QUERY SYMBOLS") == ["000204 LOOP", "000300 ADD"]
    assert user.type("QUERY SYMBOLS 206") == ["000206 LOOP+2"]
    user.type("TRACE BRANCH INTO LOOP RUN SKIP 1")
    assert user.type("BEGIN")[0] == "    000206 BCT   46100204      ==> 000204 CC 0 LOOP+2 ==> LOOP"
    writer = site.system.spool.open()
    for line in ("LOAD MAP", "MAIN     SD 000000", "DONE     AT 00000A"):
        writer.put(0x41, to_ebcdic(line.ljust(80)))
    site.on_cp(lambda: writer.close(
        queue="RDR", owner="CMSUSER", origin="CMSUSER", kind="PUN", spool_class="A", copies=1, hold=False, dist="",
    ))  # fmt: skip
    assert user.type(f"SET SYMBOLS RDR {writer.spoolid} 200") == ["2 SYMBOLS"]
    assert user.type("QUERY SYMBOLS DONE") == ["00020A DONE"]
    assert site.logon("USER01", "SECRET").type(f"SET SYMBOLS RDR {writer.spoolid}") == [
        f"DMKCFS042E SPOOLID {writer.spoolid:04} DOES NOT EXIST"
    ]
    assert user.type("SET SYMBOLS RDR 77") == ["DMKCFS042E SPOOLID 0077 DOES NOT EXIST"]
    assert user.type("D ILOOP.4")[0].startswith("000204")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("TRACE", "DMKTRA026E OPERAND MISSING OR INVALID"),
        ("TRACE NONSENSE", "DMKTRA003E INVALID OPTION - NONSENSE"),
        ("TRACE SVC NONSENSE", "DMKTRA003E INVALID OPTION - NONSENSE"),
        ("TRACE INST RANGE XYZ", "DMKTRA004E INVALID HEXLOC - XYZ"),
        ("TRACE INST RANGE 300-200", "DMKTRA009E INVALID RANGE - 300-200"),
        ("TRACE INST DATA 4X", "DMKTRA012E INVALID DATA - 4X"),
        ("TRACE INST SKIP X", "DMKTRA002E INVALID OPERAND - X"),
        ("TRACE INST CMD", "DMKTRA026E OPERAND MISSING OR INVALID"),
        ("TRACE DELETE 1", "DMKTRA187E TRACE TRAP 1 DOES NOT EXIST"),
    ],
)
def test_mistakes(site: Site, command: str, answer: str) -> None:
    assert site.logon("CMSUSER").type(command) == [answer]


def test_a_flood_can_be_stopped(user: FakeTerminal) -> None:
    user.type("STORE S200 47F00204 47F00200")
    user.type("TRACE ALL RUN")
    user.session.line("BEGIN")
    user.until_line("000204 BC")
    user.session.attention()
    user.until(ReadState.CP_READ)
    assert user.type("TRACE END") == ["TRACE ENDED"]


def test_external_and_io_interruptions(user: FakeTerminal) -> None:
    user.type("STORE PSW FF020000 00000222#STORE 58 00020000 00000ABC#STORE 78 00020000 00000DEF")
    user.type("TRACE EXT 40 CSW RUN")
    assert user.type("EXTERNAL")[0] == "*** 000222 EXT   0040 ==> 000ABC"
    user.type("STORE PSW FF020000 00000222")
    user.type("READY 00E")
    assert user.type("BEGIN")[:2] == ["*** 000222 I/O   00E  ==> 000DEF CSW 0400", "CSW V 00E 00000000 04000000"]
    user.type("TRACE CSW OFF")
    user.type("TRACE I/O 00D RUN#READY 00E#STORE PSW FF020000 00000222")
    assert not any("I/O" in line for line in user.type("BEGIN"))


def test_privileged_instructions(user: FakeTerminal) -> None:
    user.type("STORE S200 80000210 83120060 82000280")
    user.type("STORE S210 00")
    user.type("TRACE PRIV RUN")
    assert user.type("BEGIN")[:3] == [
        "::: 000200 SSM   80000210 00",
        "::: 000204 DIAG  83120060 CODE 060 CC 0",
        "::: 000208 LPSW  82000280 00020000 0000DEAD",
    ]
    user.type("TRACE END")
    user.type("TRACE DIAG 60 RUN#STORE PSW 0 200")
    assert user.type("BEGIN")[0] == "::: 000204 DIAG  83120060 CODE 060 CC 0"


def test_steps_passes_and_stops(user: FakeTerminal) -> None:
    user.type("TRACE LA STEP 2")
    assert len(user.type("BEGIN")) == 3  # two of them, and CP
    user.type("TRACE END#STORE PSW 0 200")
    user.type("TRACE LA PASS 1 RUN")
    assert sum(" LA " in line for line in user.type("BEGIN")) == 2
    user.type("TRACE END#STORE PSW 0 200")
    user.type("TRACE LA STOP 3")
    lines = user.type("BEGIN")
    assert (sum(" LA " in line for line in lines), lines[-1]) == (3, "CP")


def test_suspend_and_resume(user: FakeTerminal) -> None:
    user.type("TRACE SVC#TRACE SUSPEND")
    assert user.type("QUERY TRACE")[0] == "NAME  INITIAL  (SUSPENDED)"
    assert user.type("BEGIN") == [WAIT, "CP"]
    user.type("STORE PSW 0 200#TRACE RESUME")
    assert user.type("BEGIN")[0].startswith("*** 000204 SVC")
    user.type("TRACE DELETE 1")
    assert user.type("BEGIN") == [WAIT, "CP"]


def test_tracing_goes_on_through_resets_and_new_storage(user: FakeTerminal) -> None:
    user.type("TRACE SVC RUN")
    user.type("SYSTEM RESET")
    user.type("STORE PSW 0 200")
    assert user.type("BEGIN")[0].startswith("*** 000204 SVC")
    user.type("DEFINE STORAGE 512K")
    for line in PROGRAM:
        user.type(f"STORE {line}")
    assert user.type("BEGIN")[0].startswith("*** 000204 SVC")


def test_attention_stops_a_machine_whose_traps_give_commands(user: FakeTerminal) -> None:
    user.type("STORE S200 47F00204 47F00200")
    user.type("TRACE BC RUN CMD INDICATE LOAD")
    user.session.line("BEGIN")
    user.until_line("CPU-")
    user.session.attention()
    user.until(ReadState.CP_READ)
    assert user.type("TRACE END")[-1] == "TRACE ENDED"
