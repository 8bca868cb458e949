"""A 3270 display: its buffer, the write commands and orders that fill it, its keyboard, and what it answers.

`Screen` is the buffer; `write` and `structured.write` interpret what a program sends, `read_modified` and
`read_buffer` make what it reads; `Keyboard` is the operator's hand; `accept` takes over what another terminal read.
No network and no machine belong to it: display devices, screens of CP and tests use it alike.
"""

from cpvm.machine.media.screen.buffer import Screen, StreamError, Transfer
from cpvm.machine.media.screen.inbound import accept, accept_buffer
from cpvm.machine.media.screen.keyboard import Inhibited, Keyboard
from cpvm.machine.media.screen.orders import repaint, write
from cpvm.machine.media.screen.outcome import Reply, read_buffer, read_modified

__all__ = [
    "Inhibited",
    "Keyboard",
    "Reply",
    "Screen",
    "StreamError",
    "Transfer",
    "accept",
    "accept_buffer",
    "read_buffer",
    "read_modified",
    "repaint",
    "write",
]
