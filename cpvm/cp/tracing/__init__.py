"""Tracing a virtual machine: TRACE of VM/370, trace sets as in z/VM, and PER (DMKTRA, DMKTRC, DMKTRT).

`Tracer` watches one machine (`cpvm.machine.observe`); `trap` says what is looked for, `event` what happened and how it
is shown, `operands` how it is asked for.
"""

from cpvm.cp.tracing.tracer import Tracer

__all__ = ["Tracer"]
