"""What native code does with operands that lie in two blocks which are not neighbours: functions in LLVM assembly.

Each byte is looked up by itself. All of the operand is there: that has been tested. %t, %ft and %wt are access tables,
%a, %a1 and %a2 logical addresses.
"""

from typing import Final

_BYTE: Final = """
define internal ptr @byte(ptr %t, ptr %mem, i64 %a) nounwind alwaysinline {
  %w = and i64 %a, 16777215
  %k = lshr i64 %w, 11
  %q = getelementptr i32, ptr %t, i64 %k
  %e = load i32, ptr %q
  %e1 = and i32 %e, 2147483647
  %e2 = zext i32 %e1 to i64
  %o = add i64 %w, %e2
  %p = getelementptr i8, ptr %mem, i64 %o
  ret ptr %p
}
"""

_LOOP: Final = """
define internal {convention} i64 @split_{name}({parameters}) nounwind noinline {{
entry:
  br label %next
next:
  %i = phi i64 [ 0, %entry ], [ %i1, %again ]
  %v = phi i64 [ {first}, %entry ], [ %v1, %again ]
  %go = icmp ult i64 %i, %n
  br i1 %go, label %one, label %done
one:
{body}
  br i1 {more}, label %again, label %done
again:
  %i1 = add i64 %i, 1
  br label %next
done:
  %r = phi i64 [ %v, %next ], [ %v, %one ]
  ret i64 %r
}}
"""


def _loop(name: str, parameters: str, body: str, first: str = "0", more: str = "true") -> str:
    """A function that does something for each byte; %v goes from one to the next as %v1, and is the result."""
    convention = "preserve_mostcc" if name in {"fetch", "store"} else ""
    if "%v1 =" not in body:
        body += "\n  %v1 = add i64 %v, 0"
    return _LOOP.format(**locals())


def _byte(name: str, table: str, a: str, at: str = "%i") -> str:
    """%NAME.p is the host address of a byte, %NAME what is there, %NAME.v that as a number of 64 bits."""
    return f"""
  %{name}.a = add i64 {a}, {at}
  %{name}.p = call ptr @byte(ptr {table}, ptr %mem, i64 %{name}.a)
  %{name} = load i8, ptr %{name}.p
  %{name}.v = zext i8 %{name} to i64"""


_ONE: Final = "ptr %t, ptr %mem, i64 %a, i64 %n"
_TWO: Final = "ptr %ft, ptr %wt, ptr %mem, i64 %a1, i64 %a2, i64 %n"
_BOTH: Final = _byte("x", "%wt", "%a1") + _byte("y", "%ft", "%a2")

_FETCH: Final = _byte("x", "%t", "%a") + "\n  %high = shl i64 %v, 8\n  %v1 = or i64 %high, %x.v"
_STORE: Final = (
    "  %from = sub i64 %n, %i\n  %back = sub i64 %from, 1"
    + _byte("x", "%t", "%a", "%back")
    + "\n  %low = trunc i64 %v to i8\n  store i8 %low, ptr %x.p\n  %v1 = lshr i64 %v, 8"
)
_LOGIC: Final = (
    _BOTH + "\n  %z = {name} i8 %x, %y\n  store i8 %z, ptr %x.p\n  %wide = zext i8 %z to i64"
    "\n  %any = or i64 %v, %wide\n  %set = icmp ne i64 %any, 0\n  %v1 = zext i1 %set to i64"
)
_TRANSLATE: Final = _byte("x", "%wt", "%a1") + _byte("y", "%ft", "%a2", "%x.v") + "\n  store i8 %y, ptr %x.p"

FUNCTIONS: Final = "".join(
    (
        _BYTE,
        _loop("fetch", _ONE, _FETCH),
        _loop("store", _ONE + ", i64 %number", _STORE, first="%number"),
        _loop("move", _TWO, _BOTH + "\n  store i8 %y, ptr %x.p"),
        _loop(
            "fill",
            _ONE + ", i64 %value",
            _byte("x", "%t", "%a") + "\n  %b = trunc i64 %value to i8\n  store i8 %b, ptr %x.p",
        ),
        _loop("compare", _TWO, _BOTH + "\n  %same = icmp eq i8 %x, %y\n  %v1 = add i64 %i, 1", more="%same"),
        _loop(
            "match",
            _ONE + ", i64 %value",
            _byte("x", "%t", "%a") + "\n  %same = icmp eq i64 %x.v, %value\n  %v1 = add i64 %i, 1",
            more="%same",
        ),
        *(_loop(name, _TWO, _LOGIC.format(name=name)) for name in ("and", "or", "xor")),
        _loop("translate", _TWO, _TRANSLATE),
        """
define internal i64 @split_digits(ptr %t, ptr %mem, i64 %a, i64 %n) nounwind noinline {
  %copy = alloca [16 x i8]
  %high = call preserve_mostcc i64 @split_fetch(ptr %t, ptr %mem, i64 %a, i64 1)
  %b = trunc i64 %high to i8
  store i8 %b, ptr %copy
  %rest = sub i64 %n, 1
  %a1 = add i64 %a, 1
  %low = call preserve_mostcc i64 @split_fetch(ptr %t, ptr %mem, i64 %a1, i64 %rest)
  %unused = sub i64 8, %rest
  %bits = shl i64 %unused, 3
  %left = shl i64 %low, %bits
  %turned = call i64 @llvm.bswap.i64(i64 %left)
  %p = getelementptr i8, ptr %copy, i64 1
  store i64 %turned, ptr %p, align 1
  %v = call i64 @area_digits(ptr %copy, i64 %n)
  ret i64 %v
}
define internal i64 @split_put_digits(ptr %t, ptr %mem, i64 %a, i64 %n, i64 %v) nounwind noinline {
  %copy = alloca i64
  call void @area_put_digits(ptr %copy, i64 %n, i64 %v)
  %put = load i64, ptr %copy
  %turned = call i64 @llvm.bswap.i64(i64 %put)
  %unused = sub i64 8, %n
  %bits = shl i64 %unused, 3
  %number = lshr i64 %turned, %bits
  %r = call preserve_mostcc i64 @split_store(ptr %t, ptr %mem, i64 %a, i64 %n, i64 %number)
  ret i64 %r
}
""",
    )
)
"""Each gives a number; that of those that only store means nothing. `fetch` and `store` take up to eight bytes,
`digits` two to nine, `put_digits` one to eight."""
