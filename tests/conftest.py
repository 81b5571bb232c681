from __future__ import annotations

import pytest

import tilestack as ts


@pytest.fixture
def isa(request):
    """Runs the test on the instruction set that is its parameter."""
    before = ts._core.isa()
    ts._core.set_isa(request.param)
    assert ts._core.isa() == request.param
    yield request.param
    ts._core.set_isa(before)
