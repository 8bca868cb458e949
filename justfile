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
