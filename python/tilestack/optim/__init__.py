"""Optimizers, schedules of the learning rate, averages of weights."""

from tilestack.optim import lr_scheduler, swa_utils
from tilestack.optim.adafactor import Adafactor
from tilestack.optim.adagrad import Adagrad
from tilestack.optim.adam import LAMB, Adam, AdamW, NAdam, RAdam
from tilestack.optim.groups import decay_groups
from tilestack.optim.lion import Lion
from tilestack.optim.muon import Muon
from tilestack.optim.optimizer import Optimizer
from tilestack.optim.rmsprop import RMSprop
from tilestack.optim.sgd import SGD

__all__ = [
    "LAMB",
    "SGD",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Lion",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "decay_groups",
    "lr_scheduler",
    "swa_utils",
]
