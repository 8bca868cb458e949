"""Hard limits of the web server; docs/howto/browser.md lists them.

How much a terminal may send is limited as for all terminals, see `cpvm.terminal.throttle`.
"""

from __future__ import annotations

from typing import Final

MAX_RECORD: Final = 65536
"""Bytes of one WebSocket frame from a terminal, which is one 3270 record; a longer one ends the connection."""

MAX_COMMAND: Final = 1024
"""Bytes of one WebSocket frame from an operator's page."""

MAX_BODY: Final = 4096
"""Bytes of the body of any other request."""

MAX_CONNECTIONS: Final = 800
"""Connections of one server at the same time, whatever they are for. When all are taken, one at which nobody is known
makes room for the next (see `cpvm.terminal.places`); if there is none, that one is ended at once."""

REQUEST_SECONDS: Final = 10.0
"""How long a connection may take to make its first request, and a request to bring its body."""

MAX_TERMINALS: Final = 500
"""Terminals of one server at the same time; the same holds for them."""

MAX_FROM_ONE: Final = 100
"""Terminals and operator's pages of one address at the same time, unless it is this host's own."""

MAX_OPERATORS: Final = 20
"""Operator's pages at the same time."""

MAX_SIGNED_ON: Final = 100
"""Operators' sign-ons that are remembered at the same time; the oldest ends when there is one more."""

MAX_UNREAD: Final = 4 << 20
"""Bytes of output that a browser may leave unread before its connection is ended."""

COMMANDS_A_SECOND: Final = 2.0
"""Commands of an operator's page for long, each second."""

COMMANDS_AT_ONCE: Final = 20
"""Commands of an operator's page in a burst."""

COMMAND_LINES: Final = 1000
"""Lines of the response to a command that the operator's page shows."""

FIRST_ANSWER_SECONDS: Final = 5.0
"""How long a browser may take to say what its terminal is."""

KEEPALIVE_SECONDS: Final = 20.0
"""Between two signs of life; a browser that does not answer is gone."""

LIVE_SECONDS: Final = 2.0
"""Between two pictures of the system on the operator's page."""

ANSWER_SECONDS: Final = 30.0
"""How long the system may take to answer an operator's page."""

IDLE_SECONDS: Final = 30 * 60.0
"""A sign-on of an operator ends when its page has been closed, or hidden, for so long."""

LONGEST_SECONDS: Final = 12 * 3600.0
"""A sign-on of an operator ends after this time in any case."""

SIGN_ONS_A_MINUTE: Final = 20
"""Attempts to sign on that one address has each minute."""
