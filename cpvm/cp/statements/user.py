"""Statements about a user as a whole: USER, PROFILE, INCLUDE, ACCOUNT, ALIAS, OPTION, IPL, IUCV (DMKDIR)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cpvm.cp.directory import ELSEWHERE, NO_TERMINAL, UNCHANGED, UserEntry
from cpvm.cp.limits import OF_USERS, SPOOL_FILES, LimitError, Values, parse
from cpvm.cp.operand import Operands, decimal, is_alias, is_userid, storage_size
from cpvm.cp.password import MAX_LENGTH
from cpvm.cp.share import NOTHING_SET
from cpvm.cp.share import share as share_of
from cpvm.cp.statements import (
    DUPLICATE,
    MISSING,
    PROFILE,
    SYSTEM,
    USER,
    StatementError,
    between,
    fixed,
    statement,
)

if TYPE_CHECKING:
    from cpvm.cp.directory_source import Reader

OPTIONS = (
    *("REALTIMER", "ECMODE", "ISAM", "ACCT", "SVCOFF", "SVCACCL", "BMX", "VIRT=REAL", "VMSAVE", "STFIRST", "STBYPASS"),
    *("LNKNOPAS", "DIAG98", "CONCEAL", "QUICKDSP", "370E", "MIH", "MAINTCCW", "COMSRV"),
)
PRIVILEGE_CLASSES = "ABCDEFGH"
RESERVED = ("ALL", "SYSTEM")  # words that commands understand where a userid stands
_PATHS = 65535
_PROCESSORS = 63


@statement(
    "USER",
    form="USER userid password [storage [maximum [classes [priority [linend [linedel [chardel [escape]]]]]]]]",
    where=SYSTEM | USER | PROFILE,
)
def user(reader: Reader, words: list[str]) -> None:
    """A user begins."""
    if len(words) < 2:
        raise StatementError("USER needs a userid and a password", MISSING)
    userid, password, *rest = between(words, 2, 10, "USER")
    storage, maximum, classes, priority, *symbols = rest + ["1M", "16M", "G", "64"][len(rest) :]
    if not is_userid(userid) or userid in RESERVED:
        raise StatementError(f"invalid userid {userid}")
    if len(password) > MAX_LENGTH:
        raise StatementError(f"the password of {userid} has more than {MAX_LENGTH} characters")
    if password in ELSEWHERE:
        raise StatementError(f"{password} is no password; NOLOG and AUTOONLY let nobody log on")
    entry = UserEntry(
        userid,
        storage_size(storage),
        storage_size(maximum),
        "".join(sorted(set(classes))),
        decimal(priority, 1, 99),
        distribution=userid,
    )
    reader.begin(entry)  # from here on the statements below belong to this user, right or wrong
    if userid in reader.directory.users:
        raise StatementError(f"user {userid} is defined twice", DUPLICATE)
    if entry.storage > entry.maximum:
        raise StatementError(f"storage {storage} of {userid} is above its maximum {maximum}")
    if set(classes) - set(PRIVILEGE_CLASSES):
        raise StatementError(f"invalid privilege classes {classes}")
    if symbols:
        reader.entry = replace(entry, symbols=_editing_symbols(symbols, entry.symbols))
    if password == UNCHANGED and userid not in reader.there.users:
        raise StatementError(f"{userid} has no password yet that could stay", MISSING)
    words_kept = (*NO_TERMINAL, UNCHANGED)
    reader.directory.passwords[userid] = password if password in words_kept else reader.hashed(password, keep=False)
    if password == userid:
        reader.directory.well_known.add(userid)


def _editing_symbols(words: list[str], default: tuple[str, str, str, str]) -> tuple[str, str, str, str]:
    chosen = list(default)
    for index, word in enumerate(words[:4]):
        if word == "OFF":
            chosen[index] = ""
        elif word == "ON" or len(word) == 1:
            chosen[index] = default[index] if word == "ON" else word
        else:
            raise StatementError(f"invalid line editing symbol {word}")
    return chosen[0], chosen[1], chosen[2], chosen[3]


@statement("PROFILE", form="PROFILE name", where=SYSTEM | PROFILE)
def profile(reader: Reader, words: list[str]) -> None:
    """Statements that users have in common, up to the next PROFILE or USER."""
    (name,) = fixed(words, 1, "PROFILE")
    if not is_userid(name):
        raise StatementError(f"invalid profile name {name}")
    reader.begin_profile(name)


@statement("INCLUDE", form="INCLUDE name", where=USER)
def include(reader: Reader, words: list[str]) -> None:
    """The statements of a profile; those of the user itself go before them."""
    (name,) = fixed(words, 1, "INCLUDE")
    reader.include(name)


@statement("ACCOUNT", form="ACCOUNT number [distribution], at most 8 characters each", where=USER | PROFILE)
def account(reader: Reader, words: list[str]) -> None:
    """Who is charged, and where paper goes."""
    between(words, 1, 2, "ACCOUNT")
    if any(len(word) > 8 for word in words):
        between([], 1, 2, "ACCOUNT")
    distribution = words[1] if len(words) == 2 else reader.entry.userid
    reader.entry = replace(reader.entry, account=words[0], distribution=distribution)


@statement("ALIAS", form="ALIAS name", where=USER)
def alias(reader: Reader, words: list[str]) -> None:
    """Another name, up to 16 characters, that may be typed for the userid."""
    (name,) = fixed(words, 1, "ALIAS")
    if not is_alias(name) or name in RESERVED:
        raise StatementError(f"invalid alias {name}")
    if name in reader.aliases:
        line, userid = reader.aliases[name]
        raise StatementError(f"alias {name} is defined twice; it is {userid}'s in line {line}", DUPLICATE)
    reader.aliases[name] = reader.line, reader.entry.userid
    reader.entry = replace(reader.entry, aliases=(*reader.entry.aliases, name))


@statement("OPTION", form="OPTION keyword ...", where=USER | PROFILE)
def option(reader: Reader, words: list[str]) -> None:
    """What the virtual machine is to be like."""
    if not words:
        raise StatementError("OPTION keyword ...", MISSING)
    entry = reader.entry
    options = list(entry.options)
    rest = iter(words)
    for word in rest:
        match word:
            case "CPUID":
                cpuid = next(rest, "")
                if len(cpuid) != 6 or set(cpuid) - set("0123456789ABCDEF"):
                    raise StatementError("CPUID needs six hexadecimal digits")
                entry = replace(entry, cpuid=cpuid)
            case "AFFINITY":
                entry = replace(entry, affinity=decimal(next(rest, None), 0, _PROCESSORS))
            case "MAXCONN":
                entry = replace(entry, connections=decimal(next(rest, None), 1, _PATHS))
            case _ if word in OPTIONS:
                options.append(word)
            case _:
                raise StatementError(f"unknown option {word}")
    reader.entry = replace(entry, options=tuple(dict.fromkeys(options)))


@statement(
    "SHARE",
    form="SHARE ABSOLUTE nnn%|RELATIVE nnnnn [[ABSOLUTE|RELATIVE] maximum] [NOLIMIT|LIMITSOFT|LIMITHARD]",
    where=USER | PROFILE,
)
def share(reader: Reader, words: list[str]) -> None:
    """What part of the processors the machine is to have at least, and at most."""
    reader.entry = replace(reader.entry, share=share_of(Operands(" ".join(words)), NOTHING_SET))


@statement(
    "LIMIT",
    form="LIMIT [SPOOLFILES nnnn] [SPOOLSPACE nnnM|nnnG] [TDISK cylinders] [DEVICES nnn]; NOLIMIT for none",
    where=USER | PROFILE,
)
def limit(reader: Reader, words: list[str]) -> None:
    """How much of what all share the user may take."""
    if not words:
        between(words, 1, 99, "LIMIT")
    try:
        _limits(reader, parse(words, OF_USERS))
    except LimitError as error:
        raise StatementError(str(error)) from None


@statement("SPOOLFILE", form="SPOOLFILE MAXSPOOL nnnn", where=USER | PROFILE)
def spoolfile(reader: Reader, words: list[str]) -> None:
    """z/VM's form of LIMIT SPOOLFILES."""
    word, number = fixed(words, 2, "SPOOLFILE")
    if word != "MAXSPOOL":
        raise StatementError(f"invalid operand {word}")
    _limits(reader, {SPOOL_FILES.name: decimal(number, SPOOL_FILES.least, SPOOL_FILES.most)})


def _limits(reader: Reader, values: Values) -> None:
    """What is said last holds."""
    reader.entry = replace(reader.entry, limits=tuple((dict(reader.entry.limits) | values).items()))


@statement("IPL", form="IPL vaddr | name [PARM text]", where=USER | PROFILE)
def ipl(reader: Reader, words: list[str]) -> None:
    """What is loaded at LOGON."""
    system, *rest = between(words, 1, 99, "IPL")
    if len(system) > 8:
        raise StatementError(f"invalid system name {system}")
    if rest and rest[0] != "PARM":
        raise StatementError(f"invalid operand {rest[0]}")
    reader.entry = replace(reader.entry, ipl=" ".join(words))


@statement("IUCV", form="IUCV ANY | ALLOW | userid", where=USER | PROFILE)
def iucv(reader: Reader, words: list[str]) -> None:
    """With whom the machine may connect."""
    (who,) = fixed(words, 1, "IUCV")
    reader.entry = replace(reader.entry, iucv=(*reader.entry.iucv, who))
