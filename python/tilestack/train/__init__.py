"""Training: `fit`, `evaluate`, callbacks, checkpoints, and a summary of a model."""

from tilestack.train.callbacks import Callback, Checkpoint, CSVLog, EarlyStop, GradientNorms
from tilestack.train.checkpoint import load_checkpoint, save_checkpoint
from tilestack.train.evaluate import evaluate
from tilestack.train.fit import fit
from tilestack.train.history import History
from tilestack.train.metrics import accuracy
from tilestack.train.run import Run
from tilestack.train.summary import Summary, summary

__all__ = [
    "CSVLog",
    "Callback",
    "Checkpoint",
    "EarlyStop",
    "GradientNorms",
    "History",
    "Run",
    "Summary",
    "accuracy",
    "evaluate",
    "fit",
    "load_checkpoint",
    "save_checkpoint",
    "summary",
]
