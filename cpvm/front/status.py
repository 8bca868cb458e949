"""Exit statuses of the commands; what is not a return code of a program is 2 (wrong use) or above 123."""

USAGE = 2
"""Wrong operands, a file that cannot be read, a system directory that cannot be used."""

TIMED_OUT = 124
"""A script waited longer than it may, a machine executed as many instructions as it may."""

ABANDONED = 125
"""A script could not be carried on: logon refused, machine in a disabled wait, end of the script in the middle. A bare
machine ended otherwise than in a disabled wait."""

INTERRUPTED = 130
"""Somebody ended it from the keyboard."""


def exit_status(code: int) -> int:
    """The exit status for a return code: 0 to 255 are themselves; others, which a status cannot hold, are 255."""
    return code if 0 <= code <= 255 else 255
