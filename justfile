# Tools come from the project's own environment if it is there, from PATH otherwise.
export PATH := justfile_directory() + "/.venv/bin:" + env_var("PATH")

# What CI runs.
check: lint types contracts test

lint:
    ruff check .
    ruff format --check .

types:
    mypy

contracts:
    lint-imports

test *args:
    pytest -n auto {{args}}

# The engines beside Hercules, on the same programs; what they cost in memory; how soon they begin; machines beside each
# other; I/O. Take it on a quiet machine. `just bench integer --runs 1` takes one program of the first.
bench *args:
    python bench/engine.py {{args}}

bench-all:
    python bench/engine.py
    python bench/io.py
    python bench/ipl.py
    python bench/startup.py
    python bench/memory.py
    python bench/latency.py
    python bench/threads.py

# Random programs on all engines, compared after every few instructions, for so many seconds; not part of the tests.
parity seconds="60" seed="1":
    python tests/machine/compiled/campaign.py {{seconds}} {{seed}}

# Random programs in this machine and in Hercules (Debian's package), for so many seconds; not part of the tests.
fuzz seconds="60" seed="1":
    python tests/fuzz/campaign.py {{seconds}} {{seed}}

# Random channel programs against every type of device; not part of the tests.
fuzz-io programs="10000" seed="1":
    python tests/machine/io/campaign.py {{programs}} {{seed}}

# Kill processes that write disks, tapes and spool files, and look whether anything acknowledged is lost; not part of the tests.
kills number="100":
    python tests/machine/media/killdisk.py {{number}}
    python tests/machine/media/killtape.py {{number}}
    python tests/cp/killspool.py {{number}}

# Kill a whole system under load, so often, and look whether anything acknowledged is lost; not part of the tests.
kill-system number="500" seed="1":
    python tests/faults/kill.py --kills {{number}} --seed {{seed}}

# Faults of the host (full and failing disks, no files, memory or threads, clocks that jump), then so many at random moments.
faults turns="1000" seed="1":
    python tests/faults/campaign.py --turns {{turns}} --seed {{seed}}

# Attack everything outside of a virtual machine from inside of it, so many times.
walls rounds="2000" seed="1":
    python tests/cp/wallcampaign.py {{rounds}} --seed {{seed}}

# Attack the terminals of all kinds for so many seconds; a thousand connections and more at every door; users who take everything.
terminals seconds="600" seed="1":
    python tests/terminal/campaign.py {{seconds}} {{seed}}
    python bench/connections.py
    python bench/exhaust.py

# Two hundred users for half an hour, and two restarts.
day minutes="30" users="200":
    python bench/day.py --minutes {{minutes}} --users {{users}}
