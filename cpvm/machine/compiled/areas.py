"""What native code does with areas of storage, given their host addresses: functions in LLVM assembly.

An area lies in one piece in the host's memory. A few bytes behind it may be read, for behind storage there is room.
"""

from typing import Final

DECLARATIONS: Final = """
declare i16 @llvm.bswap.i16(i16)
declare i32 @llvm.bswap.i32(i32)
declare i64 @llvm.bswap.i64(i64)
declare i64 @llvm.ctlz.i64(i64, i1)
declare i64 @llvm.cttz.i64(i64, i1)
declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
!0 = !{!"branch_weights", i32 1, i32 2000}
"""

_MOVE_PIECE: Final = """
{name}:
  %{name}.far = sub i64 %n, {size}
  %{name}.p = getelementptr i8, ptr %p2, i64 %{name}.far
  %{name}.a = load i{bits}, ptr %p2, align 1
  %{name}.b = load i{bits}, ptr %{name}.p, align 1
  store i{bits} %{name}.a, ptr %p1, align 1
  %{name}.q = getelementptr i8, ptr %p1, i64 %{name}.far
  store i{bits} %{name}.b, ptr %{name}.q, align 1
  ret void"""

MOVE: Final = (
    """
define internal void @area_move(ptr %p1, ptr %p2, i64 %n) nounwind {
entry:
  %h1 = ptrtoint ptr %p1 to i64
  %h2 = ptrtoint ptr %p2 to i64
  %apart = sub i64 %h1, %h2
  %clear = icmp uge i64 %apart, %n
  br i1 %clear, label %sizes, label %overlap
sizes:
  %small = icmp ule i64 %n, 32
  br i1 %small, label %upto32, label %large
large:
  call void @llvm.memmove.p0.p0.i64(ptr %p1, ptr %p2, i64 %n, i1 false)
  ret void
upto32:
  %many = icmp ugt i64 %n, 16
  br i1 %many, label %sixteen, label %upto16
upto16:
  %some = icmp uge i64 %n, 8
  br i1 %some, label %eight, label %upto7
upto7:
  %few = icmp uge i64 %n, 4
  br i1 %few, label %four, label %upto3
upto3:
  %two = icmp uge i64 %n, 2
  br i1 %two, label %pair, label %one
one:
  %v = load i8, ptr %p2
  store i8 %v, ptr %p1
  ret void"""
    + "".join(
        _MOVE_PIECE.format(name=name, size=size, bits=8 * size)
        for name, size in (("sixteen", 16), ("eight", 8), ("four", 4), ("pair", 2))
    )
    + """
overlap:
  %next = icmp eq i64 %apart, 1
  br i1 %next, label %fill, label %same
fill:
  %w = load i8, ptr %p2
  call void @llvm.memset.p0.i64(ptr %p1, i8 %w, i64 %n, i1 false)
  ret void
same:
  %nothing = icmp eq i64 %apart, 0
  br i1 %nothing, label %done, label %loop
loop:
  %i = phi i64 [ 0, %same ], [ %i1, %loop ]
  %s = getelementptr i8, ptr %p2, i64 %i
  %b = load i8, ptr %s
  %d = getelementptr i8, ptr %p1, i64 %i
  store i8 %b, ptr %d
  %i1 = add i64 %i, 1
  %more = icmp ult i64 %i1, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""
)

_EQUAL: Final = """
define internal i64 @{name}(ptr %p1, {second}, i64 %n) nounwind noinline {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i1, %same ]
  %q1 = getelementptr i8, ptr %p1, i64 %i
  %v1 = load i64, ptr %q1, align 1
{load}
  %x = xor i64 %v1, %v2
  %i1 = add i64 %i, 8
  %equal = icmp eq i64 %x, 0
  br i1 %equal, label %same, label %differ
same:
  %more = icmp ult i64 %i1, %n
  br i1 %more, label %loop, label %all
all:
  ret i64 %n
differ:
  %bits = call i64 @llvm.cttz.i64(i64 %x, i1 true)
  %byte = lshr i64 %bits, 3
  %at = add i64 %i, %byte
  %within = icmp ult i64 %at, %n
  %r = select i1 %within, i64 %at, i64 %n
  ret i64 %r
}}
"""

COMPARE: Final = _EQUAL.format(
    name="area_compare",
    second="ptr %p2",
    load="  %q2 = getelementptr i8, ptr %p2, i64 %i\n  %v2 = load i64, ptr %q2, align 1",
)
MATCH: Final = _EQUAL.format(name="area_match", second="i64 %v", load="  %v2 = mul i64 %v, 72340172838076673")
"""%v is one byte; the factor is X'0101010101010101'."""

_LOGIC: Final = """
define internal i64 @area_{name}(ptr %p1, ptr %p2, i64 %n) nounwind noinline {{
entry:
  %h1 = ptrtoint ptr %p1 to i64
  %h2 = ptrtoint ptr %p2 to i64
  %apart = sub i64 %h1, %h2
  %far = icmp uge i64 %apart, %n
  %same = icmp eq i64 %apart, 0
  %clear = or i1 %far, %same
  %whole = and i64 %n, -8
  %limit = select i1 %clear, i64 %whole, i64 0
  br label %words
words:
  %i = phi i64 [ 0, %entry ], [ %i8, %word ]
  %seen = phi i64 [ 0, %entry ], [ %seen8, %word ]
  %on = icmp ult i64 %i, %limit
  br i1 %on, label %word, label %bytes
word:
  %q1 = getelementptr i8, ptr %p1, i64 %i
  %q2 = getelementptr i8, ptr %p2, i64 %i
  %v1 = load i64, ptr %q1, align 1
  %v2 = load i64, ptr %q2, align 1
  %v = {name} i64 %v1, %v2
  store i64 %v, ptr %q1, align 1
  %seen8 = or i64 %seen, %v
  %i8 = add i64 %i, 8
  br label %words
bytes:
  %j = phi i64 [ %i, %words ], [ %j1, %byte ]
  %found = phi i64 [ %seen, %words ], [ %found1, %byte ]
  %go = icmp ult i64 %j, %n
  br i1 %go, label %byte, label %done
byte:
  %r1 = getelementptr i8, ptr %p1, i64 %j
  %r2 = getelementptr i8, ptr %p2, i64 %j
  %w1 = load i8, ptr %r1
  %w2 = load i8, ptr %r2
  %w = {name} i8 %w1, %w2
  store i8 %w, ptr %r1
  %wide = zext i8 %w to i64
  %found1 = or i64 %found, %wide
  %j1 = add i64 %j, 1
  br label %bytes
done:
  %any = icmp ne i64 %found, 0
  %r = zext i1 %any to i64
  ret i64 %r
}}
"""
LOGIC: Final = "".join(_LOGIC.format(name=name) for name in ("and", "or", "xor"))

TRANSLATE: Final = """
define internal void @area_translate(ptr %p1, ptr %p2, i64 %n) nounwind noinline {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i1, %loop ]
  %q = getelementptr i8, ptr %p1, i64 %i
  %b = load i8, ptr %q
  %k = zext i8 %b to i64
  %t = getelementptr i8, ptr %p2, i64 %k
  %v = load i8, ptr %t
  store i8 %v, ptr %q
  %i1 = add i64 %i, 1
  %more = icmp ult i64 %i1, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""

DIGITS: Final = """
define internal i64 @area_digits(ptr %p, i64 %n) nounwind noinline {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i1, %byte ]
  %v = phi i64 [ 0, %entry ], [ %next, %byte ]
  %wrong = phi i64 [ 0, %entry ], [ %wrong1, %byte ]
  %go = icmp ult i64 %i, %n
  br i1 %go, label %byte, label %done
byte:
  %q = getelementptr i8, ptr %p, i64 %i
  %b8 = load i8, ptr %q
  %b = zext i8 %b8 to i64
  %high = lshr i64 %b, 4
  %low = and i64 %b, 15
  %six = add i64 %b, 102
  %carry = xor i64 %six, %b
  %c1 = xor i64 %carry, 102
  %c2 = and i64 %c1, 272
  %wrong1 = or i64 %wrong, %c2
  %tens = mul i64 %high, 10
  %two = add i64 %tens, %low
  %v100 = mul i64 %v, 100
  %next = add i64 %v100, %two
  %i1 = add i64 %i, 1
  br label %loop
done:
  %good = icmp eq i64 %wrong, 0
  %r = select i1 %good, i64 %v, i64 -1
  ret i64 %r
}
define internal void @area_put_digits(ptr %p, i64 %n, i64 %v) nounwind noinline {
entry:
  br label %loop
loop:
  %i = phi i64 [ %n, %entry ], [ %i1, %byte ]
  %rest = phi i64 [ %v, %entry ], [ %rest1, %byte ]
  %go = icmp sgt i64 %i, 0
  br i1 %go, label %byte, label %done
byte:
  %i1 = sub i64 %i, 1
  %rest1 = udiv i64 %rest, 100
  %whole = mul i64 %rest1, 100
  %two = sub i64 %rest, %whole
  %high = udiv i64 %two, 10
  %six = mul i64 %high, 6
  %packed = add i64 %two, %six
  %b = trunc i64 %packed to i8
  %q = getelementptr i8, ptr %p, i64 %i1
  store i8 %b, ptr %q
  br label %loop
done:
  ret void
}
"""
"""Digits 10 to 15 are found by the carries that adding X'66' makes out of them: into bits 4 and 8."""

FUNCTIONS: Final = MOVE + COMPARE + MATCH + LOGIC + TRANSLATE + DIGITS

NAMES: Final = tuple(
    f"area_{name}" for name in ("move", "compare", "match", "and", "or", "xor", "translate", "digits", "put_digits")
)
"""The functions among them."""
