"""CP commands: their table, and the running of command lines (DMKCFM, DMKCFC).

A command is a function in its own file below cpvm.cp.commands:

    @command("BEGIN", module="DMKCFP", minimum=1, classes="G", syntax="Begin [hexloc]")
    def begin(request: Request, operands: Operands) -> Answer: ...

It returns its return code (None is 0) or raises CPError. A command that has to wait is a generator: it asks with
`reply = yield from ask("ENTER PASSWORD:", hidden=True)`, sleeps with `yield from pause(seconds)`, and has lengthy work
done on another thread with `value = yield from work(function)`. Meanwhile CP goes on with other users.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cpvm.cp import journal, privileged
from cpvm.cp.effect import Ask, Delay, Effect, Interrupted, Pause, Work, ask, delay, pause, work
from cpvm.cp.message import (
    OPERAND_MISSING,
    PLUGIN_ERROR,
    UNKNOWN_COMMAND,
    CPError,
    Emsg,
    Message,
    edit,
)
from cpvm.cp.operand import Operands, userid
from cpvm.cp.registry import WordTable, discover
from cpvm.s370 import plugin

if TYPE_CHECKING:
    from cpvm.cp.session import Session
    from cpvm.cp.system import System
    from cpvm.cp.timers import TimerRequest
    from cpvm.cp.vmblok import VMBLOK

__all__ = [
    "COMMANDS",
    "LOGON_COMMANDS",
    "Answer",
    "Ask",
    "Body",
    "Command",
    "CommandRun",
    "Delay",
    "Effect",
    "Interrupted",
    "Pause",
    "Request",
    "Work",
    "ask",
    "command",
    "delay",
    "own",
    "pause",
    "work",
]

Answer = int | None | Generator[Effect, Any, int | None]
Body = Callable[["Request", Operands], Answer]


@dataclass(frozen=True)
class Command:
    """One command. CLASSES is the set of privilege classes that may use it, "" for any user.

    SYNTAX has a line for each form of the command, with the shortest abbreviations in capitals.
    """

    name: str
    module: str
    minimum: int
    classes: str
    syntax: str
    body: Body
    before_logon: bool = False
    same_as: str = ""
    own: bool = False


COMMANDS: WordTable[Command] = WordTable("CP commands")
LOGON_COMMANDS: WordTable[Command] = WordTable("CP commands before LOGON")


def command(
    name: str,
    *,
    module: str,
    minimum: int,
    classes: str,
    syntax: str,
    before_logon: bool = False,
    same_as: str = "",
    own: bool = False,
) -> Callable[[Body], Body]:
    """Enter the decorated function in the table of commands. A duplicate raises RegistryError.

    SAME_AS names the command that this is another name of, and whose help text it shares. OWN: it touches no other
    user's machine and its devices, so a guest that gives it need not wait until all machines are at rest.
    """

    def enter(body: Body) -> Body:
        table = LOGON_COMMANDS if before_logon else COMMANDS
        if plugin.is_loading():
            discover("cpvm.cp.commands")
        table.add(name, minimum, Command(name, module, minimum, classes, syntax, body, before_logon, same_as, own))
        plugin.claim(body, f"command {name}", lambda: table.remove(name), machine=False)
        return body

    return enter


def own(line: str) -> bool:
    """Whether the command in LINE is one that touches no other user's machine."""
    word = Operands(line).take()
    found = COMMANDS.find(word) if word is not None else None
    return found is not None and found.own


class Request:
    """One command being executed, for one user."""

    def __init__(self, run: CommandRun, current: Command) -> None:
        self.run = run
        self.command = current
        self.system = run.system

    @property
    def vm(self) -> VMBLOK:
        """The virtual machine of the user who gave the command."""
        assert self.run.vm is not None, "commands before LOGON have no virtual machine"
        return self.run.vm

    @property
    def session(self) -> Session | None:
        """The terminal; None if the machine runs disconnected."""
        return self.run.vm.console.session if self.run.vm is not None else self.run.session

    def write(self, text: str) -> None:
        """One line of the response."""
        self.run.output(text)

    def inform(self, text: str) -> None:
        """One line of the response that SET IMSG OFF suppresses."""
        if self.vm.imsg or self.run.captured:
            self.run.output(text)

    def warn(self, warning: Message, *fill: object) -> None:
        """A message that does not end the command."""
        self.run.message(warning.full(*fill, module=self.command.module))

    def userid(self, typed: str | None) -> str:
        """The userid that TYPED is, or is an alias of. USERID MISSING, INVALID USERID; it need not exist."""
        return userid(self.meant(typed) if typed is not None else None)

    def meant(self, name: str) -> str:
        """The userid that NAME is an alias of; any other word as it is."""
        return self.system.directory.meant(name)

    def allowed(self, classes: str) -> bool:
        """True if the user has one of CLASSES."""
        return not classes or bool(set(classes) & set(self.vm.classes))


class CommandRun:
    """Executes command lines one after the other; it may have to wait in the middle.

    DONE is called once with the return code of the last command, also when the run is cancelled.
    """

    def __init__(
        self,
        system: System,
        lines: list[str],
        *,
        vm: VMBLOK | None = None,
        session: Session | None = None,
        output: Callable[[str], None],
        done: Callable[[int], None],
        quiet: bool = False,
        captured: bool = False,
    ) -> None:
        """QUIET: an unknown command gives only its return code and ends the run (a guest tries whether CP knows it).
        CAPTURED: the response goes to a program, which wants all of it."""
        self.system = system
        self.vm = vm
        self.session = session
        self.output = output
        self.code = 0
        self.waiting: Effect | None = None
        self._lines = deque(lines)
        self._quiet = quiet
        self.captured = captured
        self._done = done
        self._steps: Generator[Effect, Any, int | None] | None = None
        self._request: Request | None = None
        self._ticket = 0  # a late answer (timer, other thread) with an older ticket is ignored
        self._ended = self._attended = False
        self._alarm: TimerRequest | None = None  # the end of a Pause

    @property
    def emsg(self) -> Emsg:
        """How this user sees error messages."""
        emsg = self.vm.emsg if self.vm is not None else Emsg.ON
        return emsg if emsg is Emsg.TEXT or not self.captured else Emsg.ON

    def message(self, full: str) -> None:
        """Show a message as SET EMSG says."""
        edited = edit(full, self.emsg)
        if edited:
            self.output(edited)

    def start(self) -> None:
        """Begin; returns when everything is done or something must be waited for."""
        self._advance(None)

    def reply(self, text: str) -> None:
        """The line that an Ask waits for, or anything to end a Pause."""
        self._advance(text)

    def attention(self) -> None:
        """Attention: ends a Pause in good order, an Ask by cancelling the command; does not touch a Work."""
        if isinstance(self.waiting, Pause):
            self._advance(None)
        elif isinstance(self.waiting, Ask):
            self._lines.clear()
            self._advance(None, Interrupted())
        elif isinstance(self.waiting, Delay) and self._steps is None:
            self._attended = True  # it came behind a line that has not had its turn yet

    def cancel(self) -> None:
        """End the run: its user is gone."""
        if self._ended:
            return
        self._lines.clear()
        self._ticket += 1
        self.waiting = None
        self._no_alarm()
        if self._steps is not None:
            self._steps.close()
        self._end()

    def _no_alarm(self) -> None:
        """The time of the last Pause does not matter any more; it must not keep this run, and its user, in storage."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def drop_rest(self) -> None:
        """Forget the lines that have not begun."""
        self._lines.clear()

    def _advance(self, value: object, error: Exception | None = None) -> None:
        self.system.dispatcher.pays(self.vm)
        while not self._ended:
            self.waiting = None
            self._ticket += 1
            self._no_alarm()
            if not (self._steps or self._quiet) and self._lines and (turn := self.system.dispatcher.turn(self.vm)):
                self._wait(Delay(turn))
                return
            if self._steps is None and not self._next():
                self._end()
                return
            if self._steps is None:
                continue
            effect = self._resume(value, error)
            value, error = None, None
            if isinstance(effect, Ask) and self.vm is not None and self.vm.disconnected:
                error = Interrupted()  # nobody is there to answer
            elif effect is not None:
                self._wait(effect)
                return

    def _next(self) -> bool:
        """Begin the next line. False if there is none."""
        if not self._lines:
            return False
        line = self._lines.popleft()
        self._guard(lambda: self._begin(line))
        return True

    def _begin(self, line: str) -> int | None:
        operands = Operands(line)
        word = operands.take()
        if word is None:
            return self.code
        found = self._find(word)
        self._note(found, word, operands.rest)
        if found is None:
            raise UNKNOWN_COMMAND.error(line.strip() if self.vm is not None else word)
        self._request = Request(self, found)
        answer = found.body(self._request, operands)
        if isinstance(answer, Generator):
            self._steps = answer
            return self.code
        return answer

    def _note(self, found: Command | None, word: str, rest: str) -> None:
        """Record a command that is not for everybody, and that somebody has tried one that is not for him."""
        there = found or (COMMANDS.find(word) if self.vm is not None else None)
        if self.vm is not None and there is not None and privileged.privileged(there.classes):
            privileged.command(self.vm, there.name, rest, result=privileged.REFUSED if found is None else journal.OK)

    def _find(self, word: str) -> Command | None:
        if self.vm is None and self.session is not None and self.session.vm is not None:
            self.vm = self.session.vm  # the line before was LOGON
        if self.vm is None:
            return LOGON_COMMANDS.find(word)
        found = COMMANDS.find(word)
        may = found is not None and (not found.classes or set(found.classes) & set(self.vm.classes))
        return found if may else None

    def _resume(self, value: object, error: Exception | None) -> Effect | None:
        steps = self._steps
        assert steps is not None
        effects: list[Effect] = []

        def go() -> int | None:
            try:
                effects.append(steps.throw(error) if error is not None else steps.send(value))
            except StopIteration as stop:
                self._steps = None
                code: int | None = stop.value
                return code
            except BaseException:
                self._steps = None
                raise
            return self.code

        self._guard(go)
        return effects[0] if effects else None

    def _guard(self, function: Callable[[], int | None]) -> None:
        """Run a piece of a command; whatever happens becomes a return code and a message."""
        module = None
        try:
            self.code = function() or 0
        except CPError as error:
            module = error.module or (self._request.command.module if self._request else "DMKCFM")
            self.code = error.number
            if self._quiet and error.number == UNKNOWN_COMMAND.number:
                self._lines.clear()
            else:
                self.message(f"{module}{error.number:03}{error.severity} {error.text}")
        except Interrupted:
            self.code = OPERAND_MISSING.number  # the answer that was asked for
            self._lines.clear()
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        """The command itself is wrong: the operator is told, and the user that it was not theirs."""
        command = self._request.command if self._request else None
        where = f"{command.name if command else 'COMMAND'} by {self.vm.userid if self.vm else 'LOGON'}"
        owner = plugin.owner(command.body) if command else None
        if owner is not None:
            plugin.report(owner, f"command {where}", error, self.system)
        told = PLUGIN_ERROR if owner is not None else self.system.log.failure(where, error)
        self.code = told.number
        self.message(told.full(*([owner] if owner is not None else [])))

    def _wait(self, effect: Effect) -> None:
        self.waiting = effect
        ticket = self._ticket

        def late(value: object, error: Exception | None = None) -> None:
            if ticket == self._ticket and not self._ended:
                self._advance(value, error)

        match effect:
            case Ask(prompt):
                if prompt:
                    self.output(prompt)
                if effect.masked or (effect.hidden and self.vm is not None and self.vm.terminal.mask):
                    self.output("XXXXXXXX")  # the password is typed over it
            case Pause(seconds) if seconds is not None:
                wait = max(seconds, self.system.dispatcher.turn(self.vm))
                self._alarm = self.system.timers.after(wait, lambda: late(None))
            case Delay(seconds):
                self.system.timers.after(seconds, lambda: late(None))
            case Work(function):
                self.system.offload(function, late)
        self._announce()

    def _announce(self) -> None:
        if self.vm is not None:
            self.vm.console.announce(new_read=True)
        elif self.session is not None:
            self.system.announce_logon(self.session)

    def _end(self) -> None:
        self._ended = True
        self._done(self.code)
        if self._attended and self.vm is not None and not self.vm.logged_off:
            self.vm.console.attention()
