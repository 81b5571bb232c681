"""BERT (Devlin et al., 2018) and sentence encoders such as MiniLM, with Hugging Face's names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import tilestack as ts
from tilestack import Tensor, nn
from tilestack.nn import functional as F

from .pretrained import Pretrained, State, prefixed, unprefixed

ACTIVATIONS = {"gelu": F.gelu, "gelu_new": lambda x: F.gelu(x, approximate="tanh"), "relu": F.relu}


@dataclass
class BertConfig:
    """Sizes under the names of config.json; by default those of BERT base."""

    SUPPORTED: ClassVar[dict[str, tuple[Any, ...]]] = {
        "hidden_act": tuple(ACTIVATIONS),
        "position_embedding_type": ("absolute",),
        "is_decoder": (False,),
    }
    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12
    pad_token_id: int = 0
    initializer_range: float = 0.02
    hidden_act: str = "gelu"


class Embeddings(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, width, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor | None) -> Tensor:
        tokens, limit = input_ids.shape[1], self.position_embeddings.num_embeddings
        if tokens > limit:
            raise ValueError(f"Bert: {tokens} tokens are more than max_position_embeddings {limit}")
        if token_type_ids is None:
            token_type_ids = ts.zeros_like(input_ids)
        x = self.word_embeddings(input_ids) + self.token_type_embeddings(token_type_ids)
        x = x + self.position_embeddings(ts.arange(tokens, device=input_ids.device))
        return self.dropout(self.LayerNorm(x))


class SelfAttention(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        if width % config.num_attention_heads:
            raise ValueError(
                f"Bert: hidden_size {width} must be a multiple of num_attention_heads {config.num_attention_heads}"
            )
        self.heads = config.num_attention_heads
        self.dropout = config.attention_probs_dropout_prob
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        q, k, v = (
            project(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for project in (self.query, self.key, self.value)
        )
        dropout = self.dropout if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, mask, dropout).transpose(1, 2).flatten(2)


class Output(nn.Module):
    """The end of both blocks of a layer: linear, dropout, residual, norm."""

    def __init__(self, config: BertConfig, inner: int) -> None:
        super().__init__()
        self.dense = nn.Linear(inner, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(x)) + residual)


class Layer(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(config), "output": Output(config, config.hidden_size)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(config.hidden_size, config.intermediate_size)})
        self.output = Output(config, config.intermediate_size)
        self.activation = ACTIVATIONS[config.hidden_act]

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = self.attention["output"](self.attention["self"](x, mask), x)
        return self.output(self.activation(self.intermediate["dense"](x)), x)


class Encoder(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList([Layer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        for layer in self.layer:
            x = layer(x, mask)
        return x


class Pooler(nn.Module):
    """tanh of a linear layer of the first token's state."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(x[:, 0]).tanh()


class BertModel(Pretrained):
    """From tokens to hidden states. Matrices start normal with deviation initializer_range, biases at 0."""

    config_class = BertConfig
    model_type = "bert"
    known_by = "attention.self.query.weight"
    unused = r"(position_ids$|^cls\.)"

    def __init__(self, config: BertConfig, add_pooling_layer: bool = True) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)
        self.pooler = Pooler(config) if add_pooling_layer else None
        init_weights(self, config)

    @classmethod
    def own_names(cls, state: State) -> State:
        return unprefixed(todays_names(state), "bert.")

    @classmethod
    def arguments_for(cls, config: Any, state: State, options: Any) -> dict[str, Any]:
        pooled = "pooler.dense.weight" in state
        return {**super().arguments_for(config, state, options), "add_pooling_layer": pooled}

    def encode(self, sentences: str | Sequence[str], batch_size: int = 32, tokenizer: Any = None) -> Tensor:
        """Vectors of length 1 for sentences: `tilestack.text.encode_sentences`."""
        from tilestack import text

        return text.encode_sentences(self, sentences, batch_size, tokenizer)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """input_ids: (batch, tokens) int64; attention_mask: likewise, 0 for what fills up a shorter sequence;
        token_type_ids: likewise, 0 by default. Returns (batch, tokens, hidden_size)."""
        mask = None if attention_mask is None else (attention_mask != 0)[:, None, None, :]
        return self.encoder(self.embeddings(input_ids, token_type_ids), mask)


class BertForMaskedLM(Pretrained):
    """BERT that predicts tokens; its last layer is the embedding's weight."""

    config_class = BertConfig
    model_type = "bert"
    unused = r"(position_ids$|^cls\.seq_relationship|^bert\.pooler)"

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        predictions = Predictions(config)
        init_weights(predictions, config)
        predictions.decoder.weight = self.bert.embeddings.word_embeddings.weight
        self.cls = nn.ModuleDict({"predictions": predictions})

    @classmethod
    def own_names(cls, state: State) -> State:
        return prefixed(todays_names(state), "bert.", but=("cls.",))

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """Logits (batch, tokens, vocab_size); arguments as of BertModel."""
        return self.cls["predictions"](self.bert(input_ids, attention_mask, token_type_ids))

    def loss(self, input_ids: Tensor, labels: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Mean cross-entropy of labels (batch, tokens); -100, for tokens that were not masked, does not count."""
        return F.cross_entropy(self(input_ids, attention_mask).flatten(0, 1), labels.flatten())


class Predictions(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.bias = nn.Parameter(ts.zeros(config.vocab_size))
        self.transform = nn.ModuleDict(
            {"dense": nn.Linear(width, width), "LayerNorm": nn.LayerNorm(width, eps=config.layer_norm_eps)}
        )
        self.decoder = nn.Linear(width, config.vocab_size)
        self.decoder.bias = self.bias
        self.activation = ACTIVATIONS[config.hidden_act]

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.transform["LayerNorm"](self.activation(self.transform["dense"](x))))


class SentenceEncoder(BertModel):
    """A vector of length 1 for each sentence; products of two are their similarity (Reimers and Gurevych, 2019)."""

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """Arguments as of BertModel. Returns (batch, hidden_size): the mean of the tokens' states, scaled to length 1."""
        if attention_mask is None:
            attention_mask = ts.ones_like(input_ids)
        return sentence_vectors(super().forward(input_ids, attention_mask, token_type_ids), attention_mask)


def sentence_vectors(states: Tensor, attention_mask: Tensor) -> Tensor:
    """The mean of the tokens' states, (batch, tokens, width), where the mask is not 0, scaled to length 1."""
    counted = (attention_mask != 0).to(states.dtype).unsqueeze(-1)
    mean = (states * counted).sum(1) / counted.sum(1).clamp(1e-9)
    return mean / (mean * mean).sum(-1, keepdim=True).sqrt().clamp(1e-12)


def todays_names(state: State) -> State:
    """The first BERTs' norms had gamma and beta."""
    new = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
    return {re.sub(r"LayerNorm\.(gamma|beta)$", lambda old: new[old[0]], name): x for name, x in state.items()}


def init_weights(model: nn.Module, config: BertConfig) -> None:
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, 0.0, config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            with ts.no_grad():
                module.weight[module.padding_idx] = 0
