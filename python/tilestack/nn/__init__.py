"""Layers, losses, containers, and the Module they are made of."""

from tilestack.nn import functional, init, utils
from tilestack.nn.activation import GELU, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from tilestack.nn.attention import KVCache, MultiheadAttention
from tilestack.nn.containers import ModuleDict, ModuleList, ParameterList, Sequential
from tilestack.nn.conv import Conv2d
from tilestack.nn.dropout import Dropout
from tilestack.nn.linear import Flatten, Identity, Linear, Unflatten
from tilestack.nn.loss import BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss
from tilestack.nn.module import Module
from tilestack.nn.norm import BatchNorm1d, BatchNorm2d, LayerNorm, RMSNorm
from tilestack.nn.parameter import Parameter
from tilestack.nn.pooling import AvgPool2d, MaxPool2d
from tilestack.nn.positions import SinusoidalPositions
from tilestack.nn.sparse import Embedding
from tilestack.nn.transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)

__all__ = [
    "GELU",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "KVCache",
    "L1Loss",
    "LayerNorm",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "NLLLoss",
    "Parameter",
    "ParameterList",
    "RMSNorm",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "SinusoidalPositions",
    "Softmax",
    "Tanh",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "Unflatten",
    "functional",
    "init",
    "utils",
]
