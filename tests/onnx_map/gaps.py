"""What of ONNX has no counterpart here, and why."""

_FLOW = "control flow, sequences and optional values are Python's"
_QUANTISED = "quantised arithmetic"
_TEXT = "strings"
_SIGNAL = "signal processing"
_OPTIMIZER = "optimizers are tilestack.optim's classes, whose formulas are torch's"
_TREES = "classical machine learning"
_VISION = "torchvision's, not torch's"

# Operators that are not mapped.
BEYOND: dict[str, str] = {
    "Adagrad": _OPTIMIZER,
    "Adam": _OPTIMIZER,
    "ArrayFeatureExtractor": _TREES,
    "Bernoulli": "random numbers",
    "Binarizer": _TREES,
    "BitShift": "no shifts",
    "BlackmanWindow": _SIGNAL,
    "ConvInteger": _QUANTISED,
    "DFT": _SIGNAL,
    "DeformConv": _VISION,
    "DequantizeLinear": _QUANTISED,
    "Det": "no determinants",
    "DynamicQuantizeLinear": _QUANTISED,
    "FlexAttention": "takes graphs as arguments",
    "HammingWindow": _SIGNAL,
    "HannWindow": _SIGNAL,
    "If": _FLOW,
    "ImageDecoder": "no such function of torch's; tilestack.vision reads PNG",
    "LabelEncoder": _TREES,
    "LinearAttention": "no such function of torch's",
    "Loop": _FLOW,
    "MatMulInteger": _QUANTISED,
    "MelWeightMatrix": _SIGNAL,
    "Momentum": _OPTIMIZER,
    "NonMaxSuppression": _VISION,
    "OptionalGetElement": _FLOW,
    "OptionalHasElement": _FLOW,
    "QLinearConv": _QUANTISED,
    "QLinearMatMul": _QUANTISED,
    "QuantizeLinear": _QUANTISED,
    "RegexFullMatch": _TEXT,
    "RoiAlign": _VISION,
    "STFT": _SIGNAL,
    "Scan": _FLOW,
    "SequenceInsert": _FLOW,
    "SequenceMap": _FLOW,
    "SplitToSequence": _FLOW,
    "StringConcat": _TEXT,
    "StringNormalizer": _TEXT,
    "StringSplit": _TEXT,
    "TfIdfVectorizer": _TEXT,
    "TreeEnsemble": _TREES,
    "Unique": "no unique",
}

# Cases, as patterns of their names, that a mapped operator leaves out, and part of what onnx_map says then.
FORMS: dict[str, str] = {
    "test_averagepool_.*dilations.*": "avg_pool has no dilation",
    "test_col2im_5d": "fold is for images",
    "test_gru_(seq_length|reverse|bidirectional)": "resets after the product",
    "test_lppool_2d_dilations": "lp_pool has no dilation",
    "test_lstm_with_peepholes": "peepholes",
    "test_resize_.*cubic_A_n0p5.*": "coefficient -0.75",
    "test_resize_.*cubic_asymmetric": "asymmetric",
    "test_resize_.*half_pixel_symmetric": "half_pixel_symmetric",
    "test_resize_.*nearest_(floor_align_corners|round_prefer_ceil_asymmetric|ceil_half_pixel)": "does not round",
    "test_resize_.*pytorch_half_pixel": "pytorch_half_pixel",
    "test_resize_.*tf_crop_and_resize.*": "tf_crop_and_resize",
    "test_resize_downsample_scales_(linear|cubic)_align_corners": "whole sizes",
    # places halfway between two pixels, of which torch takes the other
    "test_resize_downsample_scales_nearest": "does not round",
    "test_resize_downsample_sizes_nearest(_not_larger|_not_smaller)?": "does not round",
    "test_resize_upsample_sizes_nearest(_axes_2_3|_axes_3_2|_not_larger)?": "does not round",
    "test_scatternd_(multiply|max|min).*": "index_put has no",
    "test_training_dropout_(default|default_mask|mask)|test_training_dropout": "random numbers",
}

# Cases that tilestack refuses, and part of its message.
REFUSED: dict[str, str] = {
    "test_maxpool_2d_uint8": "max_pool2d: .*uint8",
    "test_reduce_(max|min)_empty_set": "needs at least one element to reduce",
    "test_resize_.*_antialias": "antialias is not supported",
}

# Cases whose results are written with four or five digits.
ROUNDED = ("test_averagepool_2d_ceil_last_window_starts_on_pad", "test_gridsample_bicubic")
