"""The terminal's side of file transfers with IND$FILE, by structured fields: `DFT` is a `Screen.transfer`."""

from cpvm.terminal.indfile.dft import DEFAULT_LIMIT, DFT, MAXIMUM_LIMIT, MINIMUM_LIMIT, Outcome, Reader, Writer

__all__ = ["DEFAULT_LIMIT", "DFT", "MAXIMUM_LIMIT", "MINIMUM_LIMIT", "Outcome", "Reader", "Writer"]
