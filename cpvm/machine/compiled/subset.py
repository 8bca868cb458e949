"""Walks the syntax tree of an instruction body, or of a helper that it calls, and has an emitter write it as LLVM text.

What a body may consist of:

* its first parameter is `m`, the machine; a helper may do without. All else are numbers of 64 bits;
* assignments to plain names, `if`, `while`, `for i in range(...)`, `return`, `pass`, calls;
* numbers, names, numbers among the names of the module or of one that it names, `+ - * & | ^ ~ << >>`, `//` and `%`
  by a number that is known and positive, comparisons of two numbers, `in (...)`, `and or not`, `x if c else y`, `max`
  and `min` of two, `m.operation(...)`, helpers (not recursive).

Anything else raises `Subset`. So does an operation that may fault after a change: whatever native code leaves to Python
in the middle of an instruction can be started again from its beginning.
"""

from __future__ import annotations

import ast
import functools
import inspect
import operator
import textwrap
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from cpvm.machine.compiled.text import Condition, Text, Value


class Subset(Exception):
    """A body is not in the subset; the text says why, and in which line of its module."""


class Target(Protocol):
    """What the walk needs of an emitter, besides the operations of `cpvm.s370.ops.Ops` by their names."""

    @property
    def x(self) -> Text: ...

    live: bool
    """Control gets here."""
    changed: bool
    """The instruction may have changed something already."""
    faults: int
    """Number of places so far at which it may fault."""
    unroll: int
    """Loops of so many rounds at most, if their number is known, are written out."""


_BINARY: dict[type[ast.operator], tuple[str, Callable[[int, int], int]]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("sub", operator.sub),
    ast.Mult: ("mul", operator.mul),
    ast.BitAnd: ("and", operator.and_),
    ast.BitOr: ("or", operator.or_),
    ast.BitXor: ("xor", operator.xor),
    ast.LShift: ("shl", operator.lshift),
    ast.RShift: ("ashr", operator.rshift),
    ast.FloorDiv: ("sdiv", operator.floordiv),
    ast.Mod: ("srem", operator.mod),
    ast.Pow: ("", operator.pow),
}
_COMPARE: dict[type[ast.cmpop], tuple[str, Callable[[int, int], bool]]] = {
    ast.Eq: ("eq", operator.eq),
    ast.NotEq: ("ne", operator.ne),
    ast.Lt: ("slt", operator.lt),
    ast.LtE: ("sle", operator.le),
    ast.Gt: ("sgt", operator.gt),
    ast.GtE: ("sge", operator.ge),
}
DEPTH = 12
"""Helpers within helpers."""


@functools.cache
def _tree(function: Callable[..., Any]) -> ast.FunctionDef:
    try:
        node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, SyntaxError) as error:
        raise Subset(f"no source text: {error}") from None
    if not isinstance(node, ast.FunctionDef):
        raise Subset("not a plain function")
    return node


def walk(e: Target, function: Callable[..., Any], arguments: list[Value], depth: int = 0) -> Value:
    """Emit a function in line; gives its result. Raises Subset."""
    return _Walk(e, function, arguments, depth).result


class _Walk:
    def __init__(self, e: Target, function: Callable[..., Any], arguments: list[Value], depth: int) -> None:
        if depth > DEPTH:
            raise Subset(f"{function.__name__}: helpers too deep, or recursion")
        self._e, self._x, self._depth = e, e.x, depth
        self._function = function
        self._names: dict[str, Any] = function.__globals__
        node = _tree(function)
        if node.args.kwonlyargs or node.args.vararg or node.args.kwarg or node.args.defaults:
            raise Subset(f"{function.__name__}: parameters other than plain ones")
        parameters = [a.arg for a in node.args.args if a.arg != "m"]
        stored = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self._slots = {name: self._x.slot() for name in sorted(stored)}
        self._known: dict[str, int] = {}
        """What variables contain here, where that is known."""
        self._values: dict[str, Value] = {}
        if len(parameters) != len(arguments):
            raise Subset(f"{function.__name__}: wrong number of arguments")
        for name, v in zip(parameters, arguments, strict=True):
            if name in stored:
                self._assign(name, v)
            else:
                self._values[name] = v
        returns = any(isinstance(n, ast.Return) and n.value for n in ast.walk(node))
        self._out = self._x.slot() if returns else ""
        self._end = ""
        self._changed_at_return = False
        self.result: Value = self._only_return(node) if returns else 0
        if not returns or self._out:
            self._body(node.body)

    def _only_return(self, node: ast.FunctionDef) -> Value:
        """The result of a function that only returns an expression: known values stay known."""
        body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        if len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value:
            self._out = ""
            return self._value(body[0].value)
        return 0

    def _body(self, body: list[ast.stmt]) -> None:
        e, x = self._e, self._x
        self._block(body)
        if self._end:
            if e.live:
                x.go(self._end)
            x.label(self._end)
            e.changed = (e.live and e.changed) or self._changed_at_return
            e.live = True
        if self._out and e.live:
            self.result = x.load(self._out, "i64")

    def _bad(self, n: ast.AST, why: str = "") -> NoReturn:
        first = self._function.__code__.co_firstlineno
        line = first + getattr(n, "lineno", 1) - 1
        raise Subset(f"{self._function.__name__}, line {line}: {why or type(n).__name__}")

    # ---- statements
    def _block(self, statements: list[ast.stmt]) -> None:
        for s in statements:
            if not self._e.live:
                return
            self._statement(s)

    def _statement(self, s: ast.stmt) -> None:
        match s:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr(value=value):
                self._value(value)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                v = self._value(value)
                if self._e.live:
                    self._assign(name, v)
            case ast.Return(value=value):
                self._return(value)
            case ast.If(test=test, body=yes, orelse=no):
                self._if(test, yes, no)
            case ast.While(test=test, body=body, orelse=[]):
                self._loop(lambda: self._test(test), lambda: self._block(body), body)
            case ast.For(target=ast.Name(id=name), iter=steps, body=body, orelse=[]):
                self._for(name, steps, body)
            case _:
                self._bad(s)

    def _assign(self, name: str, v: Value) -> None:
        self._x.store(self._slots[name], "i64", v)
        self._known.pop(name, None)
        if isinstance(v, int):
            self._known[name] = v

    def _return(self, value: ast.expr | None) -> None:
        e, x = self._e, self._x
        if value is not None:
            x.store(self._out, "i64", self._value(value))
        self._end = self._end or x.fresh("end")
        x.go(self._end)
        self._changed_at_return |= e.changed
        e.live = False

    def _if(self, test: ast.expr, yes: list[ast.stmt], no: list[ast.stmt]) -> None:
        c = self._test(test)
        if isinstance(c, bool):
            self._block(yes if c else no)
            return
        e, x = self._e, self._x
        labels = x.fresh("yes"), x.fresh("no")
        join = x.fresh("join")
        x.branch(c, *labels)
        before, live, changed = e.changed, False, False
        known, after = self._known, []
        for label, body in zip(labels, (yes, no), strict=True):
            x.label(label)
            e.live, e.changed, self._known = True, before, dict(known)
            self._block(body)
            if e.live:
                x.go(join)
                live, changed = True, changed or e.changed
                after.append(self._known)
        e.live, e.changed = live, changed
        self._known = {name: v for name, v in self._known.items() if all(k.get(name) == v for k in after)}
        if live:
            x.label(join)

    def _loop(self, test: Callable[[], Condition], body: Callable[[], None], statements: list[ast.stmt]) -> None:
        e, x = self._e, self._x
        names = {
            n.id for s in statements for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        self._known = {name: v for name, v in self._known.items() if name not in names}
        head, into, done = x.fresh("head"), x.fresh("into"), x.fresh("done")
        before, faults = e.changed, e.faults
        x.go(head)
        x.label(head)
        x.branch(test(), into, done)
        x.label(into)
        body()
        if e.live:
            x.go(head)
        if e.changed and not before and e.faults > faults:
            raise Subset(f"{self._function.__name__}: a loop changes something, and may fault in a later round")
        x.label(done)
        e.live = True
        self._known = {name: v for name, v in self._known.items() if name not in names}

    def _for(self, name: str, steps: ast.expr, body: list[ast.stmt]) -> None:
        match steps:
            case ast.Call(func=ast.Name(id="range"), args=[_] | [_, _] as bounds, keywords=[]):
                values = [self._value(a) for a in bounds]
            case _:
                self._bad(steps, "for over anything but a range")
        start, stop = values if len(values) == 2 else (0, values[0])
        if isinstance(start, int) and isinstance(stop, int) and stop - start <= self._e.unroll:
            for i in range(start, stop):
                if self._e.live:
                    self._assign(name, i)
                    self._block(body)
            return
        x = self._x
        count = x.slot()  # apart from the variable, which the body may change
        x.store(count, "i64", start)

        def one_round() -> None:
            v = x.load(count, "i64")
            self._assign(name, v)
            x.store(count, "i64", x.op("add", v, 1))
            self._block(body)

        self._loop(lambda: x.compare("slt", x.load(count, "i64"), stop), one_round, body)

    # ---- conditions
    def _test(self, n: ast.expr) -> Condition:
        match n:
            case ast.Compare(left=left, ops=[how], comparators=[right]) if type(how) in _COMPARE:
                a, b = self._value(left), self._value(right)
                name, fold = _COMPARE[type(how)]
                return fold(a, b) if isinstance(a, int) and isinstance(b, int) else self._x.compare(name, a, b)
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as how], comparators=[ast.Tuple(elts=several)]):
                c = self._among(self._value(left), [self._value(one) for one in several])
                if isinstance(how, ast.In):
                    return c
                return not c if isinstance(c, bool) else self._x.set(f"xor i1 {c}, true")
            case ast.UnaryOp(op=ast.Not(), operand=o):
                c = self._test(o)
                return not c if isinstance(c, bool) else self._x.set(f"xor i1 {c}, true")
            case ast.BoolOp(op=op, values=values):
                return self._short_circuit(isinstance(op, ast.Or), values)
        self._bad(n, "a condition that is no comparison")

    def _among(self, v: Value, several: list[Value]) -> Condition:
        """Whether a value is one of several."""
        x = self._x
        known = isinstance(v, int) and all(isinstance(one, int) for one in several)
        return v in several if known else functools.reduce(x.either, (x.compare("eq", v, one) for one in several))

    def _short_circuit(self, stop: bool, values: list[ast.expr]) -> Condition:
        first = self._test(values[0])
        if len(values) == 1:
            return first
        if isinstance(first, bool):
            return first if first == stop else self._short_circuit(stop, values[1:])
        x = self._x
        out, more, join = x.slot("i1"), x.fresh("more"), x.fresh("join")
        x.do(f"store i1 {first}, ptr {out}")
        x.branch(first, join if stop else more, more if stop else join)
        x.label(more)
        rest = self._short_circuit(stop, values[1:])
        x.do(f"store i1 {str(rest).lower() if isinstance(rest, bool) else rest}, ptr {out}")
        x.go(join)
        x.label(join)
        return x.set(f"load i1, ptr {out}")

    # ---- values
    def _value(self, n: ast.expr) -> Value:
        match n:
            case ast.Constant(value=int(v)) if not isinstance(v, bool):
                return v
            case ast.Name(id=name):
                return self._name(n, name)
            case ast.Attribute(value=ast.Name(id=name), attr=part) if name not in self._slots:
                return self._constant(n, name, part)
            case ast.UnaryOp(op=ast.USub(), operand=o):
                return self._x.op("sub", 0, self._value(o))
            case ast.UnaryOp(op=ast.Invert(), operand=o):
                return self._x.op("xor", self._value(o), -1)
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(n, op, self._value(left), self._value(right))
            case ast.IfExp(test=test, body=yes, orelse=no):
                return self._choice(test, yes, no)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="m"), attr=operation), args=args, keywords=[]):
                emit = getattr(self._e, operation, None)
                if operation.startswith("_") or emit is None:
                    self._bad(n, f"{operation} is not done in native code")
                result: Value = emit(*[self._value(a) for a in args])
                return result
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(n, name, args)
        self._bad(n)

    def _name(self, n: ast.expr, name: str) -> Value:
        if name in self._known:
            return self._known[name]
        if name in self._slots:
            return self._x.load(self._slots[name], "i64")
        v = self._values.get(name, self._names.get(name))
        if isinstance(v, str) and name not in self._values:
            v = None
        if not isinstance(v, int | str) or isinstance(v, bool):
            self._bad(n, f"{name} is not a number")
        return v if isinstance(v, str) else int(v)

    def _constant(self, n: ast.expr, name: str, part: str) -> int:
        """A number among the names of another module, or of a class that only holds such numbers."""
        owner = self._names.get(name)
        v = getattr(owner, part, None) if inspect.ismodule(owner) or inspect.isclass(owner) else None
        if not isinstance(v, int) or isinstance(v, bool):
            self._bad(n, f"{name}.{part} is not a number")
        return int(v)

    def _binary(self, n: ast.expr, op: ast.operator, a: Value, b: Value) -> Value:
        if type(op) not in _BINARY:
            self._bad(n, type(op).__name__)
        name, fold = _BINARY[type(op)]
        if isinstance(a, int) and isinstance(b, int):
            return fold(a, b)
        if name == "" or (name in {"sdiv", "srem"} and not (isinstance(b, int) and b > 0)):
            self._bad(n, "the divisor is not a positive number that is known")
        x = self._x
        v = x.op(name, a, b)
        if name == "sdiv":  # the hardware's goes toward zero, Python's down
            v = x.op("add", v, x.op("ashr", x.op("srem", a, b), 63))
        elif name == "srem":
            v = x.op("add", v, x.op("and", x.op("ashr", v, 63), b))
        return v

    def _choice(self, test: ast.expr, yes: ast.expr, no: ast.expr) -> Value:
        c = self._test(test)
        if isinstance(c, bool):
            return self._value(yes if c else no)
        e, x = self._e, self._x
        out, labels, join = x.slot(), (x.fresh("yes"), x.fresh("no")), x.fresh("join")
        x.branch(c, *labels)
        before, changed = e.changed, False
        for label, part in zip(labels, (yes, no), strict=True):
            x.label(label)
            e.changed = before
            x.store(out, "i64", self._value(part))
            x.go(join)
            changed = changed or e.changed
        e.changed = changed
        x.label(join)
        return x.load(out, "i64")

    def _call(self, n: ast.expr, name: str, args: list[ast.expr]) -> Value:
        if name in ("max", "min") and len(args) == 2 and name not in self._names:
            a, b = (self._value(one) for one in args)
            how = "sgt" if name == "max" else "slt"
            return self._x.select(self._x.compare(how, a, b), a, b)
        function = self._names.get(name)
        if not inspect.isfunction(function):
            self._bad(n, f"{name} is not a helper")
        takes_machine = bool(args) and isinstance(args[0], ast.Name) and args[0].id == "m"
        return walk(self._e, function, [self._value(a) for a in args[takes_machine:]], self._depth + 1)
