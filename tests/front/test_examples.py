"""The examples in the documentation of cpvm.api do what they say."""

import doctest
from types import ModuleType

import pytest

from cpvm import api
from cpvm.front import bare


@pytest.mark.parametrize(("module", "examples"), [(api, 3), (bare, 20)])
def test_examples(module: ModuleType, examples: int) -> None:
    result = doctest.testmod(module)
    assert result.failed == 0
    assert result.attempted >= examples
