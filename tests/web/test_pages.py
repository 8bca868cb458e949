"""People at the pages: log on, commands, full screens, reconnecting, tabs, the operator."""

from __future__ import annotations

ALT, CONTROL, SHIFT = "\ue00a", "\ue009", "\ue008"
ENTER, TAB, PAGE_UP, HOME, ESCAPE = "\ue007", "\ue004", "\ue00e", "\ue011", "\ue00c"
F3 = "\ue033"


def test_log_on_and_a_command(page) -> None:
    assert page.locked is False
    page.enter("logon user01")
    page.wait_for("ENTER PASSWORD")
    page.keys("user01")
    page.wait(lambda: page.run("return document.querySelector('.panel').dataset.cursor") != str(22 * 80))
    assert "user01\n" not in page.text.split("ENTER PASSWORD")[1]  # what is typed is not displayed
    page.keys(ENTER)
    page.wait_for("LOGON AT")
    page.wait(lambda: "USER01" in page.run("return document.querySelector('[role=tab]').textContent"))
    page.enter("ipl cms")
    page.wait_for("CMS VERSION")
    page.enter("")
    page.wait_for("Ready;")
    # typed ahead while CMS works
    page.keys("listfile profile exec (label" + ENTER + "query disk a" + ENTER)
    page.wait_for("CYL")
    assert "PROFILE  EXEC" in page.text
    page.chord(ALT, "c")
    page.wait(lambda: "PROFILE" not in page.text)
    # PA1 is attention; RESET and the keypad
    page.chord(ALT, "1")
    page.wait_for("CP READ")
    page.enter("query users")
    page.wait_for("001 USERS, ")
    page.enter("logoff")
    page.wait_for("VM/370 ONLINE")
    page.wait(lambda: "W0" in page.run("return document.querySelector('[role=tab]').textContent"))


def test_edit_on_a_full_screen(page) -> None:
    page.logon("user02")
    page.enter("edit letter script")
    page.wait_for("EOF:")
    page.enter("input Dear reader,")
    page.wait_for("Dear reader,")
    page.enter("file")
    page.wait_for("Ready;")
    page.enter("type letter script")
    page.wait(lambda: page.text.count("Dear reader,") >= 1 and page.text.count("Ready;") >= 1)
    page.chord(ALT, "c")
    page.enter("#cp logoff")
    page.wait_for("VM/370 ONLINE")


def test_lost_connection_comes_back_to_the_same_session(page, web_system) -> None:
    page.logon("user01")
    page.enter("set rdymsg smsg")
    page.wait_for("Ready;\n")
    system = web_system.system
    assert not system.users["USER01"].disconnected
    # as when a network breaks
    session = next(one for one in system.sessions if one.vm is not None and one.vm.userid == "USER01")
    wire = session.terminal.wire
    wire._loop.call_soon_threadsafe(wire._socket._req.transport.abort)
    page.wait(lambda: system.users["USER01"].disconnected)
    # it tries again by itself, and has typed the LOGON
    page.wait_for("LOGON USER01")
    page.keys(ENTER)
    page.wait_for("ENTER PASSWORD")
    page.enter("user01")
    page.wait_for("RECONNECTED AT")
    page.enter("begin")
    page.enter("")
    page.wait_for("Ready;\n")
    page.enter("#cp logoff")
    page.wait_for("VM/370 ONLINE")
    page.complaints()


def test_nobody_waits_when_the_network_is_back(page, web_system) -> None:
    script = """
    const { Session } = await import('/js/session.js');
    const session = new Session(2);
    const states = [Boolean(session.socket)];
    session.hurry();
    states.push(Boolean(session.socket)); // nothing was lost: nothing to do
    session.retryAt = Date.now() + 30000;
    const connected = new Promise((done) => session.addEventListener('record', done, { once: true }));
    session.hurry();
    await connected;
    states.push(session.connected, session.retryAt);
    session.close();
    return states;
    """
    assert page.module(script) == [False, False, True, 0]


def test_several_sessions_in_tabs(page, web_system) -> None:
    page.enter("logon user01")
    page.wait_for("ENTER PASSWORD")
    page.enter("user01")
    page.wait_for("LOGON AT")
    page.chord(ALT, "n")
    page.wait(lambda: len(page.driver.find_elements("css selector", "[role=tab]")) == 2)
    page.wait_for("CP READ")
    assert "LOGON AT" not in page.text
    page.enter("logon user02")
    page.wait_for("ENTER PASSWORD")
    page.enter("user02")
    page.wait_for("LOGON AT")
    page.enter("msg user01 hello")
    # the other tab tells that something has come
    page.wait(lambda: page.driver.find_elements("css selector", ".tab.news"))
    page.chord(ALT, "\ue012")  # left
    page.wait_for(": hello")
    page.enter("logoff")
    page.wait_for("VM/370 ONLINE")
    page.click(".tab.current .close")
    page.wait(lambda: len(page.driver.find_elements("css selector", "[role=tab]")) == 1)
    page.enter("logoff")
    page.wait_for("VM/370 ONLINE")
    page.wait(lambda: not {"USER01", "USER02"} & set(web_system.system.users))


def test_copy_paste_and_marks(page) -> None:
    page.run("window.pasted = new DataTransfer(); pasted.setData('text/plain', 'logon user01\\nuser01\\n')")
    paste = "document.activeElement.dispatchEvent(new ClipboardEvent('paste', {clipboardData: pasted, bubbles: true}))"
    page.run(paste)
    page.wait_for("ENTER PASSWORD")
    page.keys(ENTER)
    page.wait_for("LOGON AT")
    page.chord(CONTROL, "a")
    copy = (
        "const d = new DataTransfer(); document.activeElement.dispatchEvent("
        "new ClipboardEvent('copy', {clipboardData: d, bubbles: true, cancelable: true}));"
        "return d.getData('text/plain')"
    )
    copied = page.run(copy)
    assert "LOGON AT" in copied and copied.count("\n") == 23
    page.keys(ESCAPE)
    page.enter("logoff")
    page.wait_for("VM/370 ONLINE")


def test_text_of_touch_screens_and_input_methods(page) -> None:
    send = (
        "const k = document.querySelector('.keys'); k.focus();"
        "k.value = arguments[0] === null ? '' : k.value + arguments[0];"
        "k.dispatchEvent(new InputEvent('input', {inputType: 'insertText', data: arguments[0]}))"
    )
    page.run(send, "logon nobodyx")
    page.wait_for("logon nobodyx")
    page.run(send, None)  # its key for deleting
    page.wait(lambda: "logon nobody " in page.text.replace("\n", " ") and "nobodyx" not in page.text)
    page.run(send, "\n")
    page.wait_for("NOBODY NOT IN CP DIRECTORY")


def test_models_looks_keypad_and_help(page) -> None:
    page.choose("#model", "4")
    page.wait_for("CP READ")
    page.keys(ENTER)
    page.wait(lambda: page.text.count("\n") == 42)
    page.choose("#model", "fit")
    page.wait(lambda: page.text.count("\n") not in (23, 42))
    page.wait_for("CP READ")
    assert page.text.count("\n") + 1 == page.run("return Math.floor((innerHeight - 190) / 19)")
    page.choose("#look", "light")
    page.wait(lambda: page.run("return document.body.dataset.look") == "light")
    pixel = "return [...document.querySelector('.panel canvas').getContext('2d').getImageData(1, 1, 1, 1).data]"
    page.wait(lambda: page.run(pixel)[:3] == [255, 255, 255])
    page.complaints()  # that reading pixels is slow
    page.chord(ALT, "u")
    page.wait(lambda: page.run("return JSON.parse(localStorage.getItem('cpvm-terminal')).underscore"))
    page.click("#pads")
    assert len(page.driver.find_elements("css selector", "#keypad [data-action^=pf]")) == 24
    page.keys("xyz")
    page.wait_for("xyz")
    page.click("[data-action='erase input']")
    page.wait(lambda: "xyz" not in page.text)
    page.chord(ALT, "k")
    page.wait(lambda: page.run("return document.querySelector('#keyhelp').open"))
    assert "Shift+F1 to Shift+F12" in page.run("return document.querySelector('#keytable').textContent")
    page.keys(ESCAPE)
    page.wait(lambda: page.run("return document.activeElement.className") == "keys")


def test_colours_have_contrast(page) -> None:
    looks = page.module("return (await import('/js/looks.js')).LOOKS")

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert len(looks) == 5
    for name, look in looks.items():
        ground = luminance(look["background"])
        for ink in (look.get("colours") or look["mono"]).values():
            low, high = sorted((ground, luminance(ink)))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (name, ink)


def test_new_lines_are_read_out(page) -> None:
    page.enter("logon nobody")
    page.wait_for("NOT IN CP DIRECTORY")
    live = "return document.querySelector('.live').textContent"
    page.wait(lambda: "NOT IN CP DIRECTORY" in page.run(live))
    assert page.run("return document.querySelector('.live').getAttribute('aria-live')") == "polite"
    page.chord(ALT, "t")
    assert page.run("return document.activeElement.getAttribute('role')") == "tab"
    page.keys(ESCAPE)
    assert page.run("return document.activeElement.className") == "keys"


def test_the_operator_signs_on_and_sees_the_system(chrome, web_address, web_system) -> None:
    user = web_system.logon("OPERATOR")
    chrome.open(web_address, "/operator")
    chrome.wait(lambda: chrome.run("return document.activeElement.name") == "userid")
    chrome.keys("operator" + TAB + "wrong" + ENTER)
    refused = "return document.getElementById('refused').textContent"
    chrome.wait(lambda: "PASSWORD INCORRECT" in chrome.run(refused))
    chrome.keys("operator" + ENTER)
    users = "return document.querySelector('[data-part=users] tbody').textContent"
    chrome.wait(lambda: "OPERATOR" in chrome.run(users))
    spool = "return document.querySelector('[data-part=spool]').textContent"
    assert "PRT 0" in chrome.run(spool)
    assert "CPVM01" in chrome.run("return document.querySelector('[data-part=devices]').textContent")
    other = web_system.logon("USER02")
    chrome.wait(lambda: "USER02" in chrome.run(users))
    chrome.click("#line")
    chrome.keys("query names" + ENTER)
    chrome.wait(lambda: "USER02   -" in chrome.run("return document.getElementById('responses').textContent"))
    other.logoff()
    chrome.wait(lambda: "USER02" not in chrome.run(users))
    assert chrome.run("return document.cookie") == ""
    chrome.click("#off")
    chrome.wait(lambda: chrome.run("return !document.getElementById('signon').hidden"))
    chrome.driver.get(f"{web_address}/operator")
    chrome.wait(lambda: chrome.run("return !document.getElementById('signon').hidden"))
    user.logoff()
    chrome.leave()
