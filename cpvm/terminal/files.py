"""How many files and connections the host allows this process."""

import contextlib


def allow_files(wanted: int) -> int:
    """Have the limit raised to `wanted` if it is lower, as far as that may be; returns what it is then."""
    try:
        import resource
    except ImportError:  # a host that has no such limit
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if soft == resource.RLIM_INFINITY else soft
