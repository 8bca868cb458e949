"""Files to CMS and back: IND$FILE in the page against IND$FILE in the guest."""

from __future__ import annotations

import random
from pathlib import Path

ALT = "\ue00a"
STATUS = "return document.querySelector('#files .status').textContent"


def ready(page) -> None:
    page.logon("user02")


def gone(page) -> None:
    page.chord(ALT, "c")
    page.enter("#cp logoff")
    page.wait_for("VM/370 ONLINE")


def shut(page) -> None:
    page.click("#files [name=shut]")
    page.wait(lambda: page.run("return document.activeElement.className") == "keys")
    page.wait(lambda: "Ready" in page.text.rpartition("IND$FILE")[2] and not page.locked)


def transfer(page, done: str = "TRANS03") -> str:
    page.click("#files [name=go]")
    page.wait(lambda: done in page.run(STATUS))
    return str(page.run(STATUS))


def send(page, file: Path, name: str) -> str:
    page.driver.find_element("css selector", "#files [name=local]").send_keys(str(file))
    page.wait(lambda: file.name in page.run(STATUS))
    page.run("document.querySelector('#files [name=cms]').value = arguments[0]", name)
    return transfer(page)


def receive(page, name: str, kind: str, here: Path) -> bytes:
    page.run("document.querySelector('#files [name=way][value=receive]').click()")
    page.choose("#files [name=kind]", kind)
    page.run("document.querySelector('#files [name=cms]').value = arguments[0]", name)
    here.unlink(missing_ok=True)
    transfer(page)
    page.wait(lambda: here.exists() and not here.with_suffix(here.suffix + ".crdownload").exists())
    return here.read_bytes()


def test_text_goes_there_and_comes_back(page, downloads, tmp_path) -> None:
    text = "".join(f"LINE {n} is {'long ' * (n % 7)}!\n" for n in range(3000)) + "naïve [brackets] ¬ ^ ~ Ünder\n"
    file = tmp_path / "notes.txt"
    file.write_text(text, encoding="utf-8")
    ready(page)
    page.click("#transfer")
    assert "?" not in send(page, file, "NOTES TEXT A")
    assert receive(page, "notes text a", "text", downloads / "notes.text").decode() == text.replace(" \n", "\n")
    shut(page)
    page.enter("listfile notes text a (label")
    page.wait_for("3001")
    gone(page)


def test_binary_arrives_as_it_was(page, downloads, tmp_path) -> None:
    data = random.Random(1).randbytes(80 * 1500)
    file = tmp_path / "picture.bin"
    file.write_bytes(data)
    ready(page)
    page.click("#transfer")
    send(page, file, "PICTURE BIN A")
    assert receive(page, "PICTURE BIN A", "binary", downloads / "picture.bin") == data
    shut(page)
    gone(page)


def test_dropped_files_and_what_cannot_be_mapped(page) -> None:
    ready(page)
    page.run(
        "const d = new DataTransfer();"
        "d.items.add(new File(['price: 5 €\\nfine\\n'], 'price.list.txt', {type: 'text/plain'}));"
        "d.items.add(new File(['second\\n'], 'second.txt', {type: 'text/plain'}));"
        "document.querySelector('.panel').dispatchEvent("
        "new DragEvent('drop', {dataTransfer: d, bubbles: true, cancelable: true}))"
    )
    assert page.run("return document.querySelector('#files').open")
    assert page.run("return document.querySelector('#files [name=cms]').value") == "PRICELIS TXT A"
    said = transfer(page)
    assert "lacks € (U+20AC) line 1" in said and "question mark" in said
    shut(page)
    page.enter("type pricelis txt a")
    page.wait_for("price: 5 ?")
    # several, one after the other
    page.run(
        "const d = new DataTransfer();"
        "for (const name of ['one', 'two', 'three']) d.items.add(new File([name + '\\n'], name + '.txt'));"
        "document.querySelector('.panel').dispatchEvent("
        "new DragEvent('drop', {dataTransfer: d, bubbles: true, cancelable: true}))"
    )
    page.click("#files [name=go]")
    page.wait(lambda: "3 files" in page.run(STATUS))
    shut(page)
    page.chord(ALT, "c")
    page.enter("listfile * txt a")
    page.wait(lambda: all(name in page.text for name in ("ONE ", "TWO ", "THREE ", "PRICELIS")))
    # behind what is there
    page.click("#transfer")
    page.click("#files [name=append]")
    page.run(
        "const d = new DataTransfer(); d.items.add(new File(['more\\n'], 'one.txt'));"
        "document.querySelector('.panel').dispatchEvent("
        "new DragEvent('drop', {dataTransfer: d, bubbles: true, cancelable: true}))"
    )
    transfer(page)
    shut(page)
    page.enter("type one txt a")
    page.wait_for("one\nmore\n")
    # a mistake is told in the guest's words
    page.click("#transfer")
    page.run("document.querySelector('#files [name=way][value=receive]').click()")
    page.run("document.querySelector('#files [name=cms]').value = 'no such a'")
    assert "TRANS34" in transfer(page, "TRANS34")
    shut(page)
    gone(page)


def test_names_and_code_pages(page) -> None:
    script = """
    const { cmsName, cmsWords, localName } = await import('/js/cmsname.js');
    const { toRecords, fromRecords, lossReport } = await import('/js/textcode.js');
    const back = (text, page) => fromRecords(toRecords(text, page).bytes, page).text;
    return [cmsName('my.long-program.name.asm'), cmsName('.profile'), cmsName('C:\\\\x\\\\a b.txt'),
      cmsWords(' profile exec '), cmsWords('a b c d'), cmsWords('toolongname b'),
      localName(['A', 'DATA', 'A1'], false),      back('[x] ^¬ é', '1047'), back('a\\r\\nb', '037'),
      [...toRecords('[^', '1047').bytes], [...toRecords('[^', '037').bytes],
      lossReport(toRecords('a\\u2028 ✓\\n✓', '037').lost, '037'),
      fromRecords(Uint8Array.of(1, 0xc1, 0x0d, 0x0a), '037')];
    """
    assert page.module(script) == [
        "MYLONG-P ASM A",
        "PROFILE DATA A",
        "AB TXT A",
        ["PROFILE", "EXEC", "A"],
        None,
        None,
        "a.data.bin",
        "[x] ^¬ é\n",
        "a\nb\n",
        [0xAD, 0x5F, 13, 10],
        [0xBA, 0xB0, 13, 10],
        "Code page 037 lacks (U+2028) line 1; ✓ (U+2713) 2 times, first in line 1. A question mark stands there now.",
        {"text": "\x01A\n", "controls": [1]},
    ]
