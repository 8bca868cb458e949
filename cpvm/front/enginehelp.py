"""What the commands say about --engine; it does not load engines."""

from typing import Final

HELP: Final = (
    "what executes instructions: Python (reference), native code (compiled), or that with hot regions of the program"
    " translated (translated); auto, the default, is translated where llvmlite is installed, or what CPVM_ENGINE says."
    " The results are the same"
)
