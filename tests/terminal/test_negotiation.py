"""Telnet as a protocol, without a network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpvm.terminal import negotiation as tn
from cpvm.terminal.negotiation import Command, Item, Negotiator, OptionChanged, Subnegotiation

IAC, DO, DONT, WILL, WONT, SB, SE = tn.IAC, tn.DO, tn.DONT, tn.WILL, tn.WONT, tn.SB, tn.SE


def make() -> Negotiator:
    return Negotiator(frozenset((tn.ECHO, tn.SGA)), frozenset((tn.NAWS,)))


def received(negotiator: Negotiator, data: bytes) -> list[Item]:
    """What came in, neighbouring data bytes joined."""
    items: list[Item] = []
    for item in negotiator.receive(data):
        if isinstance(item, bytes) and items and isinstance(items[-1], bytes):
            items[-1] += item
        else:
            items.append(item)
    return items


MIXED = (
    b"ab\xff\xffc" + bytes((IAC, tn.BRK, IAC, tn.NOP)) + b"d" + bytes((IAC, WILL, tn.NAWS))
    + bytes((IAC, SB, tn.NAWS, 0, 80, 0, IAC, IAC, IAC, SE)) + b"e"
)  # fmt: skip
MEANING = [
    b"ab\xffc", Command(tn.BRK), b"d", OptionChanged(tn.NAWS, False, True),
    Subnegotiation(tn.NAWS, bytes((0, 80, 0, 255))), b"e",
]  # fmt: skip


def test_all_kinds_of_items() -> None:
    assert received(make(), MIXED) == MEANING


@pytest.mark.parametrize("cut", range(1, len(MIXED)))
def test_items_may_be_cut_anywhere(cut: int) -> None:
    negotiator = make()
    items = received(negotiator, MIXED[:cut])
    more = received(negotiator, MIXED[cut:])
    if items and more and isinstance(items[-1], bytes) and isinstance(more[0], bytes):
        items[-1] += more.pop(0)  # type: ignore[operator]
    assert items + more == MEANING


def test_an_offer_that_is_accepted_is_not_answered_again() -> None:
    negotiator = make()
    negotiator.offer(tn.ECHO)
    negotiator.offer(tn.ECHO)
    assert negotiator.take() == bytes((IAC, WILL, tn.ECHO))
    assert received(negotiator, bytes((IAC, DO, tn.ECHO)) * 3) == [OptionChanged(tn.ECHO, True, True)]
    assert negotiator.take() == b""
    assert negotiator.ours(tn.ECHO)


def test_a_refusal_is_reported_and_may_be_tried_again() -> None:
    negotiator = make()
    negotiator.offer(tn.ECHO)
    assert received(negotiator, bytes((IAC, DONT, tn.ECHO))) == [OptionChanged(tn.ECHO, True, False)]
    negotiator.take()
    negotiator.offer(tn.ECHO)
    assert negotiator.take() == bytes((IAC, WILL, tn.ECHO))


def test_unknown_options_are_refused() -> None:
    negotiator = make()
    assert received(negotiator, bytes((IAC, DO, 99, IAC, WILL, 99, IAC, DONT, 99, IAC, WONT, 99))) == []
    assert negotiator.take() == bytes((IAC, WONT, 99, IAC, DONT, 99))


def test_two_negotiators_come_to_rest() -> None:
    system = make()
    client = Negotiator(frozenset((tn.NAWS,)), frozenset((tn.ECHO, tn.SGA)))
    system.offer(tn.ECHO)
    system.offer(tn.SGA)
    system.ask(tn.NAWS)
    client.ask(tn.ECHO)
    client.offer(tn.NAWS)
    for _ in range(5):
        list(client.receive(system.take()))
        list(system.receive(client.take()))
    assert system.take() == b"" == client.take()
    assert system.ours(tn.ECHO) and client.theirs(tn.ECHO) and system.theirs(tn.NAWS)


def test_endless_negotiation_is_not_answered_for_ever() -> None:
    negotiator = make()
    list(negotiator.receive(bytes((IAC, DO, tn.ECHO, IAC, DONT, tn.ECHO)) * 10_000))
    assert len(negotiator.take()) <= 3 * tn.MAX_NEGOTIATIONS


def test_a_subnegotiation_is_bounded() -> None:
    negotiator = make()
    items = received(negotiator, bytes((IAC, SB, tn.NAWS)) + b"x" * 1_000_000 + bytes((IAC, SE)) + b"after")
    assert items == [Subnegotiation(tn.NAWS, b"x" * (tn.MAX_SUBNEGOTIATION - 1)), b"after"]


def test_a_broken_off_subnegotiation_gives_way_to_the_command() -> None:
    assert received(make(), bytes((IAC, SB, tn.NAWS, 0, IAC, tn.IP)) + b"x") == [Command(tn.IP), b"x"]


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_bytes_do_no_harm(chunks: list[bytes]) -> None:
    negotiator = make()
    for chunk in chunks:
        list(negotiator.receive(chunk))
        assert len(negotiator._pending) <= 2


@given(st.binary(max_size=200))
def test_escaped_data_arrives_unchanged(data: bytes) -> None:
    expected = [data] if data else []
    assert received(make(), data.replace(b"\xff", b"\xff\xff")) == expected


def test_endless_negotiation_has_an_end() -> None:
    negotiator = make()
    with pytest.raises(tn.EndlessError):
        list(negotiator.receive(bytes((IAC, DO, tn.ECHO)) * tn.MAX_IGNORED + bytes((IAC, SB, 99, IAC, SE))))
