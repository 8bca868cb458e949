"""The control program (CP)."""
