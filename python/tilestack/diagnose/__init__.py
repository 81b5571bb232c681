"""Seeing how a training run went."""

from .report import Mistake, Report

__all__ = ["Mistake", "Report"]
