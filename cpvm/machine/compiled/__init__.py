"""The compiled interpreter: the instruction definitions of `cpvm.s370.instructions`, as they stand, as native code.

`subset` walks the syntax tree of an instruction's body, `emit` and `emitstorage` write LLVM assembly for what the body
asks of the machine, `handlers` and `dispatch` put one native loop together, `build` compiles and caches it, `engine`
runs it. What native code cannot do, it leaves to the reference engine, one instruction at a time.
"""
