#include "bind/autocast.h"
#include "bind/bind.h"
#include "ops/rotary_embedding/rotary_embedding.h"
#include "ops/scaled_dot_product_attention/scaled_dot_product_attention.h"

namespace tilestack {

void bind_attention(Bindings& b) {
  const py::arg query = py::arg("query").none(false), key = py::arg("key").none(false);
  b.function(
      "scaled_dot_product_attention", products_low(&scaled_dot_product_attention),
      "dropout(softmax(scale query key^T + attn_mask)) value, without ever holding the scores: memory is linear in "
      "the\n"
      "tokens, forward and backward (Dao et al., 2022).\n\n"
      "query: (..., L, E) float. key: (..., S, E). value: (..., S, Ev). Returns (..., L, Ev). Leading dimensions\n"
      "broadcast; with enable_gqa the last of them, the heads, may be fewer in key and value, of which each serves\n"
      "equally many heads of query. attn_mask: broadcast to (..., L, S), bool (True takes part) or float (added to "
      "the\n"
      "scores; if it requires a gradient, the scores are held after all). is_causal: query i sees keys 0 to i. scale:\n"
      "1 / sqrt(E) by default. One dtype; sums are float32 at least. A row whose keys are all masked gives 0, as "
      "torch's\n"
      "kernels do. E and Ev are at most 256 on a GPU. ValueError for shapes that don't fit.",
      query, key, py::arg("value").none(false), py::arg("attn_mask") = py::none(), py::arg("dropout_p") = 0.0,
      py::arg("is_causal") = false, py::arg("scale") = py::none(), py::arg("enable_gqa") = false);
  b.function("rotary_embedding", &rotary_embedding,
             "Pairs of elements of each row turned by angles, so that products of rows depend on how far apart they "
             "are (Su et\n"
             "al., 2021).\n\n"
             "input: (..., dim) float. cos, sin: broadcast to (..., half), half <= dim / 2, of the angles; they get no "
             "gradient.\n"
             "Pair j is elements j and j + half or, interleaved, 2 j and 2 j + 1; elements from 2 half on stay. "
             "Returns input's\n"
             "shape. rotary_tables of tilestack.nn.functional makes cos and sin. ValueError for shapes that don't fit.",
             py::arg("input").none(false), py::arg("cos").none(false), py::arg("sin").none(false),
             py::arg("interleaved") = false);
}

}  // namespace tilestack
