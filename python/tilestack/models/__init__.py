"""Nets that are ready to train."""

from .lenet import LeNet
from .mlp import MLP

__all__ = ["MLP", "LeNet"]
