"""Layers, losses, containers, and the Module they are made of."""

from tilestack.nn import functional, init, utils
from tilestack.nn.activation import (
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
    Threshold,
)
from tilestack.nn.containers import ModuleDict, ModuleList, ParameterList, Sequential
from tilestack.nn.conv import Conv2d
from tilestack.nn.dropout import Dropout
from tilestack.nn.linear import Flatten, Identity, Linear, Unflatten
from tilestack.nn.loss import BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss
from tilestack.nn.module import Module
from tilestack.nn.norm import BatchNorm1d, BatchNorm2d, LayerNorm, RMSNorm
from tilestack.nn.parameter import Parameter
from tilestack.nn.pooling import AvgPool2d, MaxPool2d
from tilestack.nn.sparse import Embedding

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "Identity",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "PReLU",
    "Parameter",
    "ParameterList",
    "RMSNorm",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
    "Threshold",
    "Unflatten",
    "functional",
    "init",
    "utils",
]
