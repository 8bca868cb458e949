"""CP's screen at a 3270: logo, status, highlighting, colours, keys, and users who come back."""

from __future__ import annotations

import pytest

from cpvm.cp import graphic, logo, session
from cpvm.cp.cpscreen import CPScreen
from cpvm.cp.fullscreen import resized
from cpvm.machine.media.screen import Screen, write
from cpvm.s370.datastream import Attribute, Extended
from cpvm.s370.ebcdic import to_ebcdic

from .calling import Guest
from .displays import Screen3270
from .helper import Site


@pytest.fixture
def display(site: Site) -> Screen3270:
    """A display with CMSUSER."""
    display = Screen3270(site, "G0001")
    display.logon("CMSUSER")
    return display


def colour(display: Screen3270, text: str, plane: int = Extended.COLOUR) -> int:
    """The colour, or what else, of a text on the screen: of its characters, or of their field."""
    at = display.screen.find(text)
    assert at >= 0, text
    planes = display.screen.planes[plane]
    return planes[at] or planes[display.screen.field(at)]


def waiting(display: Screen3270, external: str = "00020000 000000EE") -> None:
    """Let the machine wait, enabled for external interruptions, which have this new PSW."""
    display.enter("SET TIMER OFF")
    display.unlocked()
    psw = external.replace(" ", "")
    for text in ("S200 82000208", "S208 01020000 00000000", f"S58 {psw}", "PSW 00000000 00000000"):
        display.enter(f"STORE {text}")
        display.unlocked()
    display.press("clear")
    display.enter("BEGIN 200")
    display.until("RUNNING")


def test_the_logo_is_in_the_middle_and_goes(site: Site) -> None:
    display = Screen3270(site, "G0001", 5)
    display.wait_for("VM/370 ONLINE")
    row = next(number for number, line in enumerate(display.lines) if "VM/370 ONLINE" in line)
    assert 5 < row < 20 and display.lines[row].index("VM/370") > 20
    assert display.status == "CP READ"
    display.press("enter")
    display.wait(lambda: not any(display.lines[:24]))
    display.enter("LOGON NOSUCH")
    display.wait_for("NOSUCH NOT IN CP DIRECTORY")


def test_what_is_typed_at_the_logo_counts(site: Site) -> None:
    display = Screen3270(site, "G0001")
    display.wait_for("VM/370 ONLINE")
    display.enter("LOGON CMSUSER CMSUSER")
    display.wait_for("LOGON AT")
    assert display.lines[0] == "LOGON CMSUSER XXXXXXXX"
    assert display.screen.find("VM/370 ONLINE") < 0
    display.enter("LOGOFF")
    display.wait_for("LOGOFF AT")
    display.wait_for("VM/370 ONLINE")  # as a line: who has logged off wants to see what it cost
    display.press("clear")
    display.wait_for("LOGON userid")


def test_an_installation_has_its_own_logo(site: Site) -> None:
    maint = site.logon("MAINT", "CPCMS")
    assert maint.type("QUERY LOGO")[0] == "LOGO = SYSTEM, LINES = 17"
    assert maint.type("SET LOGO 1 Department of Physics#SET LOGO 3 VM/370 ONLINE") == []
    lines = ["LOGO = INSTALLATION, LINES = 03", "01 Department of Physics", "02", "03 VM/370 ONLINE"]
    assert maint.type("Q LOGO") == lines
    display = Screen3270(site, "G0001")
    display.wait_for("Department of Physics")
    (site.folder / logo.LOGO_FILE).write_text("GRÜSS GOTT\n\x07\tVM/370 ONLINE", encoding="utf-8")
    other = Screen3270(site, "G0002")
    other.wait_for("GRÜSS GOTT")
    maint.type("SET LOGO OFF")
    third = Screen3270(site, "G0003")
    third.wait(lambda: third.lines[0] == "VM/370 ONLINE")
    assert maint.type("Q LOGO") == ["LOGO = OFF, LINES = 00"]
    maint.type("SET LOGO NULL")
    assert not (site.folder / logo.LOGO_FILE).exists()
    assert maint.type("SET LOGO 99 X") == ["DMKCFS002E INVALID OPERAND - 99"]
    (site.folder / "logo.new").mkdir()
    assert maint.type("SET LOGO 1 X")[0].startswith("DMKCFS907E LOGO NOT CHANGED; ")
    user = site.logon("CMSUSER")
    assert user.type("SET LOGO NULL") == ["DMKCFS003E INVALID OPTION - LOGO"]


def test_a_hostile_logo_is_harmless(site: Site) -> None:
    (site.folder / logo.LOGO_FILE).write_bytes(b"\xff\x00\x1b[31m" + b"X" * 500 + b"\n" * 200)
    display = Screen3270(site, "G0001")
    display.wait_for("XXXX")
    assert len(site.system.operations.logo.lines()) <= logo.MOST_LINES


def test_not_accepted(site: Site, display: Screen3270, monkeypatch: pytest.MonkeyPatch) -> None:
    display.press("pf7")
    display.until("NOT ACCEPTED")
    display.press("enter")
    display.until("CP READ")
    monkeypatch.setattr(graphic, "NOT_ACCEPTED_SECONDS", 0.05)
    display.press("pa3")
    display.until("NOT ACCEPTED")
    display.until("CP READ")  # after a while, by itself
    monkeypatch.setattr(session, "MOST_AHEAD", 2)
    monkeypatch.setattr("cpvm.cp.vconsole.MOST_AHEAD", 2)
    monkeypatch.setattr(graphic, "NOT_ACCEPTED_SECONDS", 60)
    waiting(display)
    for text in ("one", "two"):
        display.enter(text)
        display.unlocked()
    display.enter("three")
    display.until("NOT ACCEPTED")
    assert display.lines[22] == "three"  # it stays where it was typed
    assert display.screen.alarms


def test_highlighted_input(display: Screen3270) -> None:
    assert display.says("QUERY USERID") == ["CMSUSER  AT CPVM"]
    assert display.lines[0] == "QUERY USERID"
    display.enter("TERM HILIGHT ON")
    display.unlocked()
    display.says("QUERY USERID")
    at = display.screen.find("QUERY USERID")
    assert display.screen.attribute(at) & Attribute.DISPLAY == 0x08
    assert at == 1
    display.enter("* " + "x" * 130)
    display.wait(lambda: any("xxx" in line for line in display.lines[:22]))
    typed = [line for line in display.lines[:22] if "xx" in line]
    assert [line.strip().count("x") for line in typed[:2]] == [76, 54]
    assert display.screen.attribute(display.screen.find("CMSUSER")) & Attribute.DISPLAY == 0


def test_colours(display: Screen3270) -> None:
    display.says("QUERY USERID")
    assert colour(display, "CMSUSER") == 0xF4
    display.enter("SCREEN CPOUT PINK UNDER INREDISP WHITE STAT YELLOW REV INAREA TURQ")
    display.unlocked()
    display.says("QUERY USERID")
    assert (colour(display, "CMSUSER"), colour(display, "CMSUSER", Extended.HIGHLIGHTING)) == (0xF3, 0xF4)
    assert colour(display, "QUERY USERID") == 0xF7
    assert (colour(display, "CP READ"), colour(display, "CP READ", Extended.HIGHLIGHTING)) == (0xF6, 0xF2)
    display.type("#")
    assert display.screen.planes[Extended.COLOUR][display.screen.field(22 * 80)] == 0xF5
    display.press("pa2")
    display.unlocked()
    assert display.says("Q SCREEN") == [
        "CPOUT PINK UNDERLIN, VMOUT DEFAULT NONE",
        "INREDISP WHITE NONE, STATAREA YELLOW REVVIDEO",
        "INAREA TURQUOIS NONE",
    ]
    assert display.says("SCREEN ALL") == ["DMKGRF026E OPERAND MISSING OR INVALID"]
    assert display.says("SCREEN ALL MAUVE") == ["DMKGRF003E INVALID OPTION - MAUVE"]
    assert display.says("SCREEN WALL RED") == ["DMKGRF003E INVALID OPTION - WALL"]
    display.enter("SCREEN ALL RED")
    display.unlocked()
    display.says("QUERY USERID")
    assert {colour(display, text) for text in ("CMSUSER", "QUERY USERID", "CP READ")} == {0xF2}


def test_a_plain_display_gets_no_extended_orders(site: Site) -> None:
    display = Screen3270(site, "G0001", extended=False)
    display.logon("CMSUSER")
    for line in ("SCREEN ALL RED BLINK", "TERM HILIGHT ON", "QUERY USERID"):
        display.says(line)
    plain = Screen(24, 80)
    for command, data in display.sent:
        write(plain, command, data)
    assert not any(any(plane) for plane in plain.planes.values())


def test_a_message_holds_a_full_screen(site: Site, display: Screen3270) -> None:
    operator = site.logon("OPERATOR")
    operator.type("MSG CMSUSER DO NOT MISS THIS")
    display.wait_for("DO NOT MISS THIS")
    display.until("CP READ")
    display.enter("QUERY PF")
    display.until("HOLDING")
    display.press("enter")
    display.until("MORE...")
    display.press("enter")
    display.until("HOLDING")
    display.press("clear")
    display.wait_for("PF24")
    display.until("CP READ")
    display.says("TERM HOLD OFF")
    operator.type("MSG CMSUSER ONCE MORE")
    display.wait_for("ONCE MORE")
    display.enter("QUERY PF")
    display.until("MORE...")


def test_the_clock_of_more(site: Site, display: Screen3270) -> None:
    display.enter("TERM MORE 0 0")
    display.unlocked()
    before = display.screen.alarms
    display.enter("QUERY PF")
    display.wait_for("PF24")  # after the alarm, and by itself
    assert display.screen.alarms > before
    display.until("CP READ")


def test_tabs_and_copies(site: Site, display: Screen3270) -> None:
    display.enter("SET PF4 TAB 10 20")
    display.unlocked()
    display.enter("SET PF5 COPY")
    display.unlocked()
    for text in ("label", "op", "x"):
        display.unlocked()
        display.type(text)
        display.press("pf4")
        display.unlocked()
    assert display.lines[22].split() == ["label", "op", "x"]
    assert (display.lines[22].index("op"), display.lines[22].index("x")) == (9, 19)
    assert display.screen.cursor == 22 * 80 + 9
    display.press("clear")
    display.enter("QUERY USERID")
    display.wait_for("CMSUSER")
    display.unlocked()
    display.press("pf5")
    display.wait_for("PRT FILE 0001 FOR CMSUSER")
    records = [record.data.decode("cp037").rstrip() for record in site.system.spool.records(1)]
    assert records == ["QUERY USERID", "CMSUSER  AT CPVM"]
    display.enter("DETACH 00E")
    display.wait_for("DETACHED")
    display.press("pf5")
    display.wait_for("DMKGRF040E DEVICE PRT DOES NOT EXIST")


def test_pa2_may_be_an_external_interruption(site: Site, display: Screen3270) -> None:
    vm = site.system.users["CMSUSER"]
    vm.pa2_external = True
    display.enter("TERM APL ON")
    display.unlocked()
    display.press("pa2")  # in CP READ it clears the screen
    display.wait(lambda: display.lines[0] == "")
    waiting(display)
    display.enter("#CP QUERY PF")
    display.until("MORE...")
    display.press("pa2")
    display.press("clear")
    display.wait_for("DISABLED WAIT PSW '00020000 000000EE'")
    assert int.from_bytes(vm.machine.storage.read(0x1A, 2), "big") == graphic.INTERRUPT_KEY


def test_who_comes_back_finds_the_lines_again(site: Site, display: Screen3270) -> None:
    display.says("QUERY USERID")
    display.enter("QUERY LOGMSG")
    display.wait_for("WELCOME TO THE TEST SYSTEM")
    display.hangup()
    again = Screen3270(site, "G0002", 3)
    again.wait_for("VM/370 ONLINE")
    again.enter("LOGON CMSUSER CMSUSER")
    again.wait_for("RECONNECTED AT")
    again.until("CP READ")
    lines = [line for line in again.lines if line]
    assert "QUERY USERID" in lines and "CMSUSER  AT CPVM" in lines
    assert lines.index("QUERY LOGMSG") < next(at for at, line in enumerate(lines) if "RECONNECTED" in line)
    assert not any("LOGON CMSUSER CMSUSER" in line for line in lines)
    assert colour(again, "QUERY USERID") == 0xF4
    again.enter("QUERY PF")  # more than the screen had room for
    again.until("MORE...")
    again.hangup()
    line = site.terminal()
    line.type("LOGON CMSUSER CMSUSER")
    line.type("DISCONN")
    last = Screen3270(site, "G0003")
    last.wait_for("VM/370 ONLINE")
    last.enter("LOGON CMSUSER CMSUSER")
    last.wait_for("RECONNECTED AT")
    assert "PF24" in "".join(last.lines)


def test_a_program_s_screen_comes_back(site: Site) -> None:
    """DIAGNOSE X'58' in both forms: lines in CP's screen, and the whole screen."""
    display = Screen3270(site, "G0001")
    display.logon("CMSUSER")
    machine = site.system.users["CMSUSER"].machine
    stream = bytes.fromhex("C3 1140401D60") + to_ebcdic("WHOLE SCREEN") + bytes.fromhex("1D4013")
    puts = {
        0xE00: bytes.fromhex("29001100 00800000")[:6] + len(stream).to_bytes(2, "big"),
        0x1100: stream,
        0x200: bytes.fromhex("41200E00 41300009 83230058 82000240"),
        0x240: bytes.fromhex("FE02000000000000"),
        0x78: bytes.fromhex("0000000000000300"),
        0x300: bytes.fromhex("82000240"),
    }
    for at, data in puts.items():
        site.on_cp(lambda at=at, data=data: machine.storage.write(at, data))  # type: ignore[misc]
    display.enter("STORE PSW 00000000 00000000")
    display.wait_for("STORE COMPLETE")
    display.press("clear")
    display.enter("BEGIN 200")
    display.wait_for("WHOLE SCREEN")
    display.type("kept by the program")
    display.press("pf3")
    site.on_cp(lambda: None)
    display.hangup()
    again = Screen3270(site, "G0002")
    again.wait_for("VM/370 ONLINE")
    again.enter("LOGON CMSUSER CMSUSER")
    again.wait_for("RECONNECTED AT")
    again.until("CP READ")
    assert again.screen.find("WHOLE") < 0
    again.enter("BEGIN")
    again.wait_for("WHOLE SCREEN")
    again.wait_for("kept by the program")
    again.keyboard.reset()  # the program has not unlocked it
    again.press("pa1")
    again.until("CP READ")
    again.hangup()
    smaller = site.terminal()
    smaller.type("LOGON CMSUSER CMSUSER")
    smaller.type("DISCONN")
    last = Screen3270(site, "G0003")
    last.logon("CMSUSER")
    last.enter("BEGIN")
    last.wait_for("WHOLE SCREEN")  # even by way of a terminal that is no display


def test_the_image_of_a_program_comes_back(site: Site) -> None:
    old, new = CPScreen(), CPScreen(43, 80)
    old.image(2, to_ebcdic("LINE THREE"), erase=True)
    old.no_image()
    old.image(2, to_ebcdic("LINE THREE"), erase=True)
    new.restore([], old.park())
    shown = Screen(24, 80, (43, 80))
    data = new.update()
    write(shown, data[0], data[1:])
    assert shown.find("LINE THREE") < 0 and new.status != "MORE..."
    new.unpark()
    data = new.update()
    write(shown, data[0], data[1:])
    assert shown.lines()[2] == "LINE THREE"


def show_image(site: Site, display: Screen3270) -> None:
    """Have the machine show a line with DIAGNOSE X'58' in CP's screen, and wait."""
    machine = site.system.users["CMSUSER"].machine
    for at, data in {
        0xE00: bytes.fromhex("19001100 0083000A"),
        0x1100: to_ebcdic("LINE THREE"),
        0x200: bytes.fromhex("41200E00 41300009 83230058 82000240"),
        0x240: bytes.fromhex("00020000000000AB FE02000000000000"),
    }.items():
        site.on_cp(lambda at=at, data=data: machine.storage.write(at, data))  # type: ignore[misc]
    site.on_cp(lambda: machine.storage.write(0x20C, bytes.fromhex("82000248 82000240")))
    display.enter("STORE PSW 00000000 00000000")
    display.wait_for("STORE COMPLETE")
    display.press("clear")
    display.enter("BEGIN 200")
    display.wait_for("LINE THREE")


def test_attention_in_the_middle_of_an_image(site: Site, display: Screen3270) -> None:
    show_image(site, display)
    display.press("pa1")
    display.until("CP READ")
    display.wait(lambda: display.lines[0] == "CP" and display.screen.find("LINE THREE") < 0)
    assert display.says("QUERY USERID") == ["CMSUSER  AT CPVM"]
    display.enter("BEGIN")
    display.wait_for("LINE THREE")
    display.press("pa1")
    display.until("CP READ")
    display.enter("SYSTEM RESET")
    display.unlocked()
    display.enter("BEGIN 210")
    display.wait_for("DISABLED WAIT")
    assert display.screen.find("LINE THREE") < 0


def test_sysreq_and_attention_while_nobody_is_logged_on(site: Site) -> None:
    display = Screen3270(site, "G0001")
    display.wait_for("LOGON userid")
    display.terminal.escape()
    display.terminal.refused()
    display.press("pa1")
    display.unlocked()
    display.enter("LOGON CMSUSER CMSUSER")
    display.wait_for("LOGON AT")
    assert Guest(site, site.logon("OPERATOR"), "OPERATOR").call(0x24, 4, 6, r4=0xFFFFFFFF) == 0


def test_a_display_is_a_graf_for_users_and_operators(site: Site) -> None:
    operator = site.logon("OPERATOR")
    display = Screen3270(site, "G0001")
    display.logon("CMSUSER")
    operator.until_line("GRAF G0001 LOGON  AS CMSUSER")
    assert display.says("QUERY CONSOLE")[0].startswith("CONS 009 ON GRAF G0001")
    assert operator.type("QUERY CONSOLE")[0].startswith(f"CONS 009 ON LINE {operator.name}")


def test_what_a_smaller_terminal_shows_of_a_screen() -> None:
    large = Screen(24, 80, (43, 80), extended=True)
    text = to_ebcdic("HERE")
    write(large, 0x05, bytes.fromhex("C3 1140401D60") + text)
    shown, same = resized(large, (24, 80), False)
    assert same and shown.find("HERE") == 1 and not shown.locked
    write(large, 0x0D, bytes.fromhex("C3 1140401D60") + text)
    shown, same = resized(large, (24, 80), True)
    assert not same and shown.find("HERE") < 0 and (shown.rows, shown.columns) == (24, 80)
    shown, same = resized(large, (43, 80), True)
    assert same and shown.find("HERE") == 1 and shown.rows == 43
    write(large, 0x05, bytes.fromhex("C3 1140402902C06042F2") + text)  # in red
    shown, same = resized(large, (43, 80), False)
    assert not same and shown.find("HERE") < 0
