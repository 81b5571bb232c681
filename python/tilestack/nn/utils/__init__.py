"""Gradient clipping, parameters as one vector, weight norm, sequences of several lengths, construction without values."""

from tilestack.nn.utils import rnn
from tilestack.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_
from tilestack.nn.utils.skip_init import skip_init
from tilestack.nn.utils.vector import parameters_to_vector, vector_to_parameters
from tilestack.nn.utils.weight_norm import remove_weight_norm, weight_norm

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "parameters_to_vector",
    "remove_weight_norm",
    "rnn",
    "skip_init",
    "vector_to_parameters",
    "weight_norm",
]
