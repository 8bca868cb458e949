"""Channel programs for disks, as native code executes them: definitions, and what they share with Python.

`program` and `disk` say what the usual commands do, in the subset that `cpvm.machine.compiled.subset` compiles, over
the operations of `host`, on numbers that lie where `layout` says. `lease` lends drives to native code for the time of a
run and takes them back. What is not defined here is left to the channels of `cpvm.machine.channel`, at any command of a
program; what both do, they do alike.
"""
