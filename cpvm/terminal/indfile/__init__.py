"""The terminal's side of file transfers with IND$FILE: structured fields (DFT), and the bytes between text and records.

`DFT` is what a `Screen` needs to transfer files (`Screen.transfer`); `codes` says what text becomes on the way.
"""

from cpvm.terminal.indfile.dft import DEFAULT_LIMIT, DFT, MAXIMUM_LIMIT, MINIMUM_LIMIT, Outcome, Reader, Writer

__all__ = ["DEFAULT_LIMIT", "DFT", "MAXIMUM_LIMIT", "MINIMUM_LIMIT", "Outcome", "Reader", "Writer"]
