"""Instruction test vectors: one instruction (or a few) with everything before and after it.

`*.jsonl` hold the vectors, one a line; `vector.py` says what the fields mean, and how to run one on a machine;
`make.py` writes the files anew, with Hercules as the witness.
"""
