"""Keys of users for ssh, and `cpvm user key`."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest

from cpvm import cli
from cpvm.cp.system import System
from cpvm.front import sshkeys
from cpvm.front.sshkeys import BadKey, UserKeys, parse

DIRECTORY = """\
VOLUME TEST01 3350 10
USER CMSUSER CMSUSER 256K 2M G
ALIAS CONVERSATIONAL
CONSOLE 009 3215
USER USER01 SECRET 256K 2M G
CONSOLE 009 3215
"""


def blob(*fields: bytes) -> str:
    """The base64 of a public key."""
    return base64.b64encode(b"".join(len(field).to_bytes(4, "big") + field for field in fields)).decode()


def ed25519(number: int, comment: str = "me@here") -> str:
    return f"ssh-ed25519 {blob(b'ssh-ed25519', bytes((number,)) * 32)} {comment}"


def test_a_fingerprint_is_that_of_openssh() -> None:
    # ssh-keygen -l on this key says so.
    line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f a b"
    key = parse(f'from="192.0.2.1",no-pty {line}\n')
    assert (key.kind, key.comment) == ("ssh-ed25519", "a b")
    assert key.fingerprint == "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"
    assert key.line == f'from="192.0.2.1",no-pty {line}'


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "no public key"),
        ("ssh-ed25519", "no public key"),
        ("ssh-dss AAAA", "no public key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private key"),
        ("ssh-ed25519 not*base64", "damaged"),
        ("ssh-ed25519 AAAA", "damaged"),
        (f"ssh-ed25519 {blob(b'ssh-rsa', b'x')}", "damaged"),
        (f"ssh-ed25519 {blob(b'ssh-ed25519', b'x' * 32)[:-8]}", "damaged"),
        (f"ssh-rsa {blob(b'ssh-rsa', b'3', b'x' * 128)}", "2048 bits"),
    ],
)
def test_what_is_no_key(line: str, why: str) -> None:
    with pytest.raises(BadKey, match=why):
        parse(line)


def test_files_of_keys(tmp_path: Path) -> None:
    keys = UserKeys(tmp_path)
    assert keys.keys("USER01") == [] and keys.users() == []
    first, second = keys.add("USER01", ed25519(1)), keys.add("USER01", ed25519(2, "other"))
    path = tmp_path / "ssh" / "keys" / "USER01"
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    with pytest.raises(BadKey, match="already"):
        keys.add("USER01", ed25519(1, "the same"))
    path.write_text("# by hand\n" + path.read_text() + "rubbish\n")
    assert keys.keys("USER01") == [first, second] and keys.users() == ["USER01"]
    assert keys.remove("USER01", "other") == [second]
    assert path.read_text() == f"# by hand\n{first.line}\nrubbish\n"
    with pytest.raises(BadKey, match="no key other"):
        keys.remove("USER01", "other")
    keys.forget("USER01")
    assert not path.exists() and list(path.parent.iterdir()) == []


def test_a_user_has_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sshkeys, "MAX_KEYS", 2)
    keys = UserKeys(tmp_path)
    for number in range(2):
        keys.add("A:B", ed25519(number))
    with pytest.raises(BadKey, match="has 2 keys"):
        keys.add("A:B", ed25519(3))
    assert keys.users() == ["A:B"]


@pytest.mark.parametrize("userid", ["../USER01", "", "TOOLONGUSERID", "A/B", ".", ".."])
def test_no_file_for_what_is_no_userid(tmp_path: Path, userid: str) -> None:
    keys = UserKeys(tmp_path)
    assert keys.text(userid) == ""
    with pytest.raises(BadKey):
        keys.add(userid, ed25519(1))


@pytest.fixture
def system(tmp_path: Path) -> Path:
    System.create(tmp_path / "system", DIRECTORY)
    return tmp_path / "system"


def user(system: Path, *words: str) -> int:
    return cli.main(["user", *words, "--system", str(system)])


def test_the_command(
    system: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "id.pub"
    file.write_text(f"# two\n{ed25519(1)}\n{ed25519(2, '')}\n")
    assert user(system, "key", "add", "conversational", str(file)) == 0
    one, two = (parse(line).fingerprint for line in (ed25519(1), ed25519(2)))
    assert capsys.readouterr().out == f"{one} logs on as CMSUSER\n{two} logs on as CMSUSER\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(ed25519(3)))
    assert user(system, "key", "add", "user01", "-") == 0
    capsys.readouterr()
    assert user(system, "key", "list") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"CMSUSER  {one} ssh-ed25519 me@here",
        f"CMSUSER  {two} ssh-ed25519",
        f"USER01   {parse(ed25519(3)).fingerprint} ssh-ed25519 me@here",
    ]
    assert user(system, "key", "remove", "cmsuser", two) == 0
    assert capsys.readouterr().out == f"{two} is no more a key of CMSUSER\n"
    assert user(system, "remove", "user01") == 0
    capsys.readouterr()
    assert user(system, "key", "list") == 0
    assert capsys.readouterr().out == f"CMSUSER  {one} ssh-ed25519 me@here\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "nosuch", "x.pub"), "NOSUCH is not in the directory"),
        (("add", "cmsuser", "x.pub"), "x.pub: No such file or directory"),
        (("add", "cmsuser", "empty"), "empty has no key"),
        (("add", "cmsuser", "."), "Is a directory"),
        (("remove", "cmsuser", "me@here"), "CMSUSER has no key me@here"),
        (("list", "nosuch"), "NOSUCH is not in the directory"),
    ],
)
def test_what_the_command_refuses(
    system: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], why: str
) -> None:
    monkeypatch.chdir(system.parent)
    Path("empty").write_text("# nothing\n")
    assert user(system, "key", *words) != 0
    shown = capsys.readouterr()
    assert why in shown.err and shown.out == "" and shown.err.count("\n") == 1
