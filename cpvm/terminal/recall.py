"""Going through lines typed before: one after the other, or those that have something in them."""

from cpvm.terminal.line import History


class Recall:
    """Where one is among the lines. What is found is returned to be shown; None: there is nothing."""

    def __init__(self) -> None:
        self._number: int | None = None  # the line that is shown
        self._kept = ""  # what was typed before one was shown
        self._sought: str | None = None

    def forget(self) -> None:
        """The line was entered, or dropped."""
        self._number = self._sought = None

    def typed(self) -> None:
        """Something else was done: the next search is for what the line is then."""
        self._sought = None

    def _shown(self, history: History) -> int:
        """The number of the line that is shown, behind the last one if none is."""
        count = len(history.lines)
        return count if self._number is None else min(self._number, count)

    def _show(self, number: int, history: History, text: str) -> str:
        if self._number is None:
            self._kept = text
        there = number < len(history.lines)
        self._number = number if there else None
        return history.lines[number] if there else self._kept

    def up(self, history: History, text: str) -> str | None:
        """The line before."""
        number = self._shown(history) - 1
        return self._show(number, history, text) if number >= 0 else None

    def down(self, history: History, text: str) -> str | None:
        """The line after, or what was typed before."""
        return self._show(self._shown(history) + 1, history, text) if self._number is not None else None

    def oldest(self, history: History, text: str) -> str | None:
        """The first line."""
        return self._show(0, history, text) if history.lines else None

    def newest(self, history: History, text: str) -> str | None:
        """What was typed before."""
        return self._show(len(history.lines), history, text) if self._number is not None else None

    def older(self, history: History, text: str) -> str | None:
        """The last line before that has in it what was typed when the search began."""
        return self._seek(range(self._shown(history) - 1, -1, -1), history, text)

    def newer(self, history: History, text: str) -> str | None:
        """The same in the other direction."""
        return self._seek(range(self._shown(history) + 1, len(history.lines)), history, text)

    def _seek(self, numbers: range, history: History, text: str) -> str | None:
        if self._sought is None:
            self._sought = text
        wanted = self._sought.upper()
        found = (number for number in numbers if wanted in history.lines[number].upper())
        number = next((number for number in found if history.lines[number] != text), None)
        return None if number is None else self._show(number, history, text)
