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
