from __future__ import annotations

import pytest

import harness
import tilestack as ts


@pytest.fixture
def backend(request):
    """Runs the test on the instruction set or device that is its parameter."""
    before = harness.backend()
    harness.use(request.param)
    assert harness.backend() == request.param
    yield request.param
    harness.use(before)


@pytest.fixture
def isa(request):
    """Runs the test on the instruction set that is its parameter."""
    before = ts._core.isa()
    ts._core.set_isa(request.param)
    assert ts._core.isa() == request.param
    yield request.param
    ts._core.set_isa(before)
