"""Layers, losses, containers, and the Module they are made of."""

from tilestack.nn import functional, init, utils
from tilestack.nn.activation import GELU, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from tilestack.nn.attention import KVCache, MultiheadAttention
from tilestack.nn.containers import ModuleDict, ModuleList, ParameterList, Sequential
from tilestack.nn.conv import Conv2d
from tilestack.nn.dropout import Dropout
from tilestack.nn.linear import Flatten, Identity, Linear, Unflatten
from tilestack.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CosineEmbeddingLoss,
    CosineSimilarity,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MarginRankingLoss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
    TripletMarginLoss,
)
from tilestack.nn.module import Module
from tilestack.nn.norm import BatchNorm1d, BatchNorm2d, LayerNorm, RMSNorm
from tilestack.nn.parameter import Parameter
from tilestack.nn.pooling import AvgPool2d, MaxPool2d
from tilestack.nn.positions import SinusoidalPositions
from tilestack.nn.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from tilestack.nn.sparse import Embedding, EmbeddingBag
from tilestack.nn.transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)

__all__ = [
    "GELU",
    "GRU",
    "LSTM",
    "RNN",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "CosineEmbeddingLoss",
    "CosineSimilarity",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "EmbeddingBag",
    "Flatten",
    "GRUCell",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "KVCache",
    "L1Loss",
    "LSTMCell",
    "LayerNorm",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MarginRankingLoss",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "NLLLoss",
    "Parameter",
    "ParameterList",
    "RMSNorm",
    "RNNCell",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "SinusoidalPositions",
    "SmoothL1Loss",
    "Softmax",
    "Tanh",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "TripletMarginLoss",
    "Unflatten",
    "functional",
    "init",
    "utils",
]
