"""Terminals: bytes on a wire to and from a CP console session."""
