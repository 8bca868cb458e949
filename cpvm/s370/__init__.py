"""The System/370 architecture: facts and semantics, no state, no input or output."""
