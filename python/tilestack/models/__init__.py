"""Nets that are ready to train, with the parameter names under which their weights are published."""

from .alexnet import AlexNet, AlexNet2012, CifarAlexNet
from .bert import BertConfig, BertForMaskedLM, BertModel, SentenceEncoder
from .efficientnet_lite import EfficientNetLite, efficientnet_lite0, efficientnet_lite1, efficientnet_lite2
from .gpt2 import GPT2Config, GPT2LMHeadModel, GPT2Model
from .lenet import LeNet
from .llama import LlamaConfig, LlamaForCausalLM, LlamaModel
from .loading import from_pretrained
from .mlp import MLP
from .pretrained import Pretrained
from .recurrent_lm import RecurrentLM
from .resnet import (
    CifarResNet,
    ResNet,
    resnet18,
    resnet20,
    resnet32,
    resnet34,
    resnet44,
    resnet50,
    resnet56,
    resnet101,
)
from .squeezenet import SqueezeNet, squeezenet1_0, squeezenet1_1
from .transformer import Seq2SeqTransformer
from .unet import UNet
from .vgg import VGG, vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn

__all__ = [
    "MLP",
    "VGG",
    "AlexNet",
    "AlexNet2012",
    "BertConfig",
    "BertForMaskedLM",
    "BertModel",
    "CifarAlexNet",
    "CifarResNet",
    "EfficientNetLite",
    "GPT2Config",
    "GPT2LMHeadModel",
    "GPT2Model",
    "LeNet",
    "LlamaConfig",
    "LlamaForCausalLM",
    "LlamaModel",
    "Pretrained",
    "RecurrentLM",
    "ResNet",
    "SentenceEncoder",
    "Seq2SeqTransformer",
    "SqueezeNet",
    "UNet",
    "efficientnet_lite0",
    "efficientnet_lite1",
    "efficientnet_lite2",
    "from_pretrained",
    "resnet18",
    "resnet20",
    "resnet32",
    "resnet34",
    "resnet44",
    "resnet50",
    "resnet56",
    "resnet101",
    "squeezenet1_0",
    "squeezenet1_1",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
]
