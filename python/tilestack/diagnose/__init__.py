"""Seeing how a training run went."""

from .report import Mistake, Report
from .trap import trap_nan

__all__ = ["Mistake", "Report", "trap_nan"]
