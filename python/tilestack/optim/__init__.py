"""Optimizers and schedules of the learning rate."""

from tilestack.optim import lr_scheduler
from tilestack.optim.adam import Adam, AdamW
from tilestack.optim.optimizer import Optimizer
from tilestack.optim.rmsprop import RMSprop
from tilestack.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
