"""Services of `cpvm start`: options, beginning and ending."""

import argparse

import pytest

from cpvm import cli
from cpvm.front import services
from cpvm.front.address import Address
from cpvm.front.services import Service, ServiceError, begin


class Handle:
    """As much of a running system as services need."""

    def __init__(self):
        self.afterwards = []

    def after_stop(self, action):
        self.afterwards.append(action)


class Fake:
    """A service that notes where it began and whether it was stopped."""

    welcome = ["by gopher"]

    def __init__(self, address):
        self.address = address
        self.stopped = False

    def stop(self):
        self.stopped = True


def two(monkeypatch, second):
    """Services `gopher`, which can begin, and `ymodem`, which is `second`; returns what has begun."""
    begun = []

    def serve(system, address, arguments):
        begun.append(Fake(address))
        return begun[-1]

    monkeypatch.setattr(
        services,
        "discovered",
        lambda: [
            Service("gopher", port=7070, help="g", serve=serve),
            Service("ymodem", port=7071, help="y", serve=second or serve),
        ],
    )
    return begun


def test_only_what_is_asked_for_begins_and_it_ends_with_the_system(monkeypatch):
    begun = two(monkeypatch, None)
    handle = Handle()
    running = begin(handle, argparse.Namespace(gopher=Address("127.0.0.1", 9), ymodem=None))
    assert running == begun and [one.address.port for one in begun] == [9]
    (end,) = handle.afterwards
    end()
    assert begun[0].stopped


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (OSError(98, "Address already in use"), "--ymodem cannot listen on 127.0.0.1:10: Address already in use"),
        (ServiceError("no modem"), "no modem"),
    ],
)
def test_none_is_left_if_one_cannot_begin(monkeypatch, trouble, said):
    def refuse(system, address, arguments):
        raise trouble

    begun = two(monkeypatch, refuse)
    handle = Handle()
    with pytest.raises(ServiceError, match=said):
        begin(handle, argparse.Namespace(gopher=Address("127.0.0.1", 9), ymodem=Address("127.0.0.1", 10)))
    assert begun[0].stopped and not handle.afterwards


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ([], None),
        (["--gopher"], Address("127.0.0.1", 7070)),
        (["--gopher", "0.0.0.0"], Address("0.0.0.0", 7070)),
        (["--gopher", ":0"], Address("127.0.0.1", 0)),
        (["--gopher", "[::1]:81"], Address("::1", 81)),
    ],
)
def test_the_option_has_its_own_port(monkeypatch, typed, address):
    two(monkeypatch, None)
    assert cli.parser("start").parse_args(["start", *typed]).gopher == address


def test_the_services_that_there_are_have_help_and_a_port():
    for service in services.discovered():
        assert service.help and 0 < service.port < 65536, service.name
