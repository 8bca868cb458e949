"""The control program (CP)."""

LEVEL = "0.1.0"
"""Release of this control program, as QUERY CPLEVEL shows it."""
