"""The system's own unit record devices: printers, punches and readers that serve the spool (DMKRSP, DMKCSO, DMKSEP).

`units` knows them all; `unit` is one of them as the operator sees it; its files are produced by a thread of its own
(`despooler`) onto paper or cards of the host (`outlet`). `hopper` is the card reader. None of them stops CP.
"""
