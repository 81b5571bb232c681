#include "core/tape.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "core/autocast.h"
#include "core/op.h"
#include "core/pool.h"
#include "core/watch.h"
#include "ops/add/add.h"
#include "ops/copy/copy.h"
#include "ops/fill/fill.h"

namespace tilestack {
namespace {

thread_local bool grad_mode = true;
std::atomic<std::uint64_t> next_order{1};
std::atomic<std::int64_t> next_hook{1};

Edge edge_to(const Tensor& x) {
  if (!x.defined()) return {};
  TensorImpl* impl = x.impl();
  if (impl->node) return {impl->node, {}, impl->output};
  if (impl->asks_grad) return {{}, Ref<TensorImpl>(impl), 0};
  return {};
}

template <class Inputs>
std::vector<Edge> edges_to(const Inputs& inputs) {
  std::vector<Edge> edges;
  edges.reserve(inputs.size());
  for (const Tensor& x : inputs) edges.push_back(edge_to(x));
  return edges;
}

// A leaf keeps a gradient that no one else holds as it is, so that a later write to it reaches nothing else.
Tensor own(const Tensor& gradient) {
  const TensorImpl* impl = gradient.impl();
  if (impl->references == 1 && impl->storage->references == 1 && !impl->node) return gradient;
  Tensor copy = empty_like(gradient);
  copy_into(copy, gradient);
  return copy;
}

void accumulate(TensorImpl& leaf, Tensor gradient) {
  if (leaf.hooks) {
    const auto hooks = *leaf.hooks;
    for (const auto& [id, hook] : hooks)
      if (Tensor changed = hook(gradient); changed.defined()) gradient = std::move(changed);
  }
  const Dims wanted(leaf.shape, leaf.ndim);
  check<RuntimeError>(gradient.shape() == wanted, "backward: a gradient of shape {} reached a leaf of shape {}",
                      gradient.shape(), wanted);
  static std::mutex mutex;
  const InterpreterSafeLock lock(mutex);
  if (leaf.grad.defined()) {
    gradient = add(leaf.grad, gradient);
  }
  leaf.grad = {};
  leaf.grad = own(std::move(gradient));
}

void add_to(Tensor& slot, Tensor gradient) { slot = slot.defined() ? add(slot, gradient) : std::move(gradient); }

// The nodes that gradients have reached, latest first: all users of a node come before it.
using Frontier = std::map<std::uint64_t, std::pair<Ref<Node>, Gradients>, std::greater<>>;

void send(Frontier& frontier, const Edge& edge, Tensor gradient) {
  if (edge.leaf) return accumulate(*edge.leaf, std::move(gradient));
  auto& [node, gradients] = frontier[edge.node->order];
  if (!node) {
    node = edge.node;
    gradients.resize(node->outputs);
  }
  add_to(gradients[edge.output], std::move(gradient));
}

void run_hooks(Node& node, Gradients& gradients) {
  const auto hooks = node.hooks;
  for (const auto& [id, entry] : hooks) {
    Tensor& gradient = gradients[entry.first];
    if (!gradient.defined()) continue;
    if (Tensor changed = entry.second(gradient); changed.defined()) gradient = std::move(changed);
  }
}

void step(Frontier& frontier, bool retain_graph) {
  auto [node, gradients] = std::move(frontier.begin()->second);
  frontier.erase(frontier.begin());
  check<RuntimeError>(!node->released,
                      "backward: the tape at {} was walked and freed before; pass retain_graph=True the first time",
                      node->name);
  if (!node->hooks.empty()) run_hooks(*node, gradients);
  Gradients results = node->backward(gradients);
  if (const BackwardWatch watch = backward_watch.load(std::memory_order_relaxed)) [[unlikely]]
    watch(*node, gradients, results);
  gradients.clear();
  for (std::size_t i = 0; i < node->inputs.size() && i < results.size(); ++i) {
    const Edge& edge = node->inputs[i];
    if (results[i].defined() && (edge.node || edge.leaf)) send(frontier, edge, std::move(results[i]));
  }
  if (retain_graph) return;
  node->released = true;
  node->release();
  node->inputs.clear();
  const auto freed = std::move(node->hooks);  // whose ends may run anything
}

}  // namespace

constinit std::atomic<BackwardWatch> backward_watch{nullptr};

void check_in_place(const char* op, const Tensor& x) {
  check<RuntimeError>(!(grad_enabled() && x.requires_grad()),
                      "{}: a tensor that requires a gradient can't be changed in place while the tape records; use it "
                      "under tilestack.no_grad(), or an op that returns a new tensor",
                      op);
  x.view();  // TypeError for None
  check<RuntimeError>(x.impl()->storage->writable, "{}: this tensor's memory is read-only", op);
}

bool grad_enabled() { return grad_mode; }
void set_grad_enabled(bool enabled) { grad_mode = enabled; }

Node::Node(const char* op, const std::vector<Tensor>& xs) : name(op), order(next_order++), inputs(edges_to(xs)) {}
Node::Node(const char* op, std::initializer_list<Tensor> xs) : name(op), order(next_order++), inputs(edges_to(xs)) {}

void attach(const Tensor& y, Node* node, int output) {
  y.impl()->node = Ref<Node>(node);
  y.impl()->output = output;
}

void destroy(TensorImpl* impl) { delete impl; }

// A node owns those before it. They are freed one after the other, not one inside the other: graphs may be deep.
void destroy(Node* node) {
  thread_local std::vector<Node*> waiting;
  thread_local bool busy = false;
  waiting.push_back(node);
  if (busy) return;
  busy = true;
  while (!waiting.empty()) {
    Node* last = waiting.back();
    waiting.pop_back();
    delete last;
  }
  busy = false;
}

void backward(const Tensor& y, const Tensor& dy, bool retain_graph) {
  check<RuntimeError>(y.requires_grad(),
                      "backward: this tensor does not depend on any tensor with requires_grad=True, or was made under "
                      "no_grad");
  check<RuntimeError>(dy.defined() || y.numel() == 1,
                      "backward: wanted a tensor of one element, got shape {}; reduce it (y.sum()) or pass gradient",
                      y.shape());
  check<RuntimeError>(!dy.defined() || dy.shape() == y.shape(), "backward: gradient must have shape {}, got {}",
                      y.shape(), dy.defined() ? dy.shape() : Dims{});
  const NoGrad no_grad;
  const NoAutocast no_autocast;
  Tensor first = dy.defined() ? as_dtype(dy, y.dtype()) : empty(y.shape(), y.dtype(), y.device());
  if (!dy.defined()) fill_into(first, Scalar{Scalar::real, 1.0, 1});
  Frontier frontier;
  send(frontier, edge_to(y), std::move(first));
  while (!frontier.empty()) step(frontier, retain_graph);
}

std::int64_t add_hook(const Tensor& x, Hook hook) {
  check<RuntimeError>(x.requires_grad(), "register_hook: the tensor does not require a gradient");
  const std::int64_t id = next_hook++;
  TensorImpl* impl = x.impl();
  if (impl->node) {
    impl->node->hooks.push_back({id, {impl->output, std::move(hook)}});
  } else {
    if (!impl->hooks) impl->hooks = std::make_unique<std::vector<std::pair<std::int64_t, Hook>>>();
    impl->hooks->push_back({id, std::move(hook)});
  }
  return id;
}

void remove_hook(const Tensor& x, std::int64_t id) {
  const auto take_from = [id](auto& hooks) {
    const auto place = std::find_if(hooks.begin(), hooks.end(), [id](const auto& entry) { return entry.first == id; });
    if (place == hooks.end()) return;
    const auto removed = std::move(*place);  // ends after the list is whole again: its end may run anything
    hooks.erase(place);
  };
  x.view();  // TypeError for None
  if (x.impl()->hooks) take_from(*x.impl()->hooks);
  if (x.impl()->node) take_from(x.impl()->node->hooks);
}

}  // namespace tilestack
