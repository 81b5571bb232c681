"""What tilestack refuses of torch's sample inputs, and takes of what torch refuses: op -> patterns of messages."""

from __future__ import annotations

FLOATS_ONLY = r"wanted a float tensor, got (int64|bool)"
NUMBERS_ONLY = r"(needs numbers, got|not defined for tensors of) bool"
WHOLE_FACTORS = r"beta and alpha must be integers for int64"

# Of errors of ours; each must happen.
REFUSED: dict[str, tuple[str, ...]] = {
    "addbmm": (WHOLE_FACTORS,),
    "addmv": (WHOLE_FACTORS,),
    "addr": (NUMBERS_ONLY,),
    "baddbmm": (WHOLE_FACTORS,),
    "clamp_max": (NUMBERS_ONLY,),
    "clamp_min": (NUMBERS_ONLY,),
    "gather": (r"index must be int64 or int32, got uint8",),
    "index_add": (NUMBERS_ONLY,),
    "index_put": (NUMBERS_ONLY,),
    "nn.functional.avg_pool1d": (FLOATS_ONLY,),
    "nn.functional.avg_pool2d": (FLOATS_ONLY,),
    "nn.functional.avg_pool3d": (FLOATS_ONLY,),
    "nn.functional.batch_norm": (r"the input must have shape",),
    "nn.functional.conv1d": (FLOATS_ONLY,),
    "nn.functional.conv2d": (FLOATS_ONLY,),
    "nn.functional.conv3d": (FLOATS_ONLY,),
    "nn.functional.conv_transpose1d": (FLOATS_ONLY,),
    "nn.functional.conv_transpose2d": (FLOATS_ONLY,),
    "nn.functional.conv_transpose3d": (FLOATS_ONLY,),
    "nn.functional.embedding": (r"(max_norm|scale_grad_by_freq=True) is not supported",),
    "nn.functional.embedding_bag": (r"(max_norm|scale_grad_by_freq=True) is not supported",),
    "nn.functional.hardtanh": (FLOATS_ONLY,),
    "nn.functional.linear": (FLOATS_ONLY,),
    "nn.functional.linear_cross_entropy": (r"needs a target of shape",),
    "nn.functional.linear_cross_entropy/chunked": (r"unexpected keyword argument 'options'",),
    "nn.functional.linear_cross_entropy/chunked_none": (r"unexpected keyword argument 'options'",),
    "nn.functional.local_response_norm": (FLOATS_ONLY,),
    "nn.functional.max_pool2d": (FLOATS_ONLY,),
    "nn.functional.max_pool3d": (FLOATS_ONLY,),
    "nn.functional.relu6": (FLOATS_ONLY,),
    "nn.functional.softsign": (FLOATS_ONLY,),
    "nn.functional.threshold": (FLOATS_ONLY,),
    "nn.functional.unfold": (FLOATS_ONLY,),
    "norm/nuc": (r'p must be a number or "fro"',),
    "scatter": (r'reduce="(add|multiply)" is not supported; use scatter_add or scatter_reduce',),
    "scatter_add": (NUMBERS_ONLY,),
    "scatter_reduce/amax": (NUMBERS_ONLY,),
    "scatter_reduce/amin": (NUMBERS_ONLY,),
    "scatter_reduce/prod": (NUMBERS_ONLY,),
    "scatter_reduce/sum": (NUMBERS_ONLY,),
}

# Of errors of torch's: what is taken all the same.
ACCEPTED: dict[str, tuple[str, ...]] = {
    "nn.functional.adaptive_avg_pool1d": (r"output_size must be greater",),
    "nn.functional.adaptive_avg_pool3d": (r"output_size must be greater",),
    "nn.functional.adaptive_max_pool1d": (r"negative dimension",),
    "nn.functional.adaptive_max_pool3d": (r"negative dimension",),
    "nn.functional.max_pool3d": (r"non-batch dimensions",),
    "nn.functional.adaptive_avg_pool2d": (r"output_size must be greater",),  # -1 keeps a size, as None does
    "nn.functional.adaptive_max_pool2d": (r"negative dimension",),
    "nn.functional.max_pool1d": (r"Expected 2D or 3D",),  # no channels
    "narrow": (r"start must be an 0-dim integral Tensor",),  # a bool is a number
    "roll": (r"Dimension specified as 0",),  # of a tensor without dimensions
}
