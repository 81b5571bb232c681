"""Data sets and loaders."""

from tilestack.data.collate import default_collate
from tilestack.data.dataset import ConcatDataset, Dataset, Subset, TensorDataset, random_split
from tilestack.data.loader import DataLoader
from tilestack.data.sampler import RandomSampler, Sampler, SequentialSampler, WeightedRandomSampler

__all__ = [
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "Subset",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "random_split",
]
