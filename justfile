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

# Random programs in this machine and in Hercules (Debian's package), for so many seconds; not part of the tests.
fuzz seconds="60" seed="1":
    python tests/fuzz/campaign.py {{seconds}} {{seed}}

# Random channel programs against every type of device; not part of the tests.
fuzz-io programs="10000" seed="1":
    python tests/machine/io/campaign.py {{programs}} {{seed}}

# Kill processes that write disks and tapes, and look whether anything acknowledged is lost; not part of the tests.
kills number="100":
    python tests/machine/media/killdisk.py {{number}}
    python tests/machine/media/killtape.py {{number}}
