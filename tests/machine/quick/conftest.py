"""Without llvmlite there is no native code."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("llvmlite") else ["test_*.py"]
