#include "core/tape.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

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

void check_fits(const TensorImpl& leaf, const Tensor& gradient) {
  const Dims wanted(leaf.shape, leaf.ndim);
  check<RuntimeError>(gradient.shape() == wanted, "backward: a gradient of shape {} reached a leaf of shape {}",
                      gradient.shape(), wanted);
}

void accumulate(TensorImpl& leaf, Tensor gradient) {
  check_fits(leaf, gradient);
  static std::mutex mutex;
  const InterpreterSafeLock lock(mutex);
  if (leaf.grad.defined()) gradient = add(leaf.grad, gradient);
  leaf.grad = {};
  leaf.grad = own(std::move(gradient));
}

void add_to(Tensor& slot, Tensor gradient) { slot = slot.defined() ? add(slot, gradient) : std::move(gradient); }

void run_hooks(const Node& node, Gradients& gradients) {
  const auto hooks = node.hooks;
  for (const auto& [id, entry] : hooks) {
    Tensor& gradient = gradients[entry.first];
    if (!gradient.defined()) continue;
    if (Tensor changed = entry.second(gradient); changed.defined()) gradient = std::move(changed);
  }
}

void run_hooks(const TensorImpl& leaf, Tensor& gradient) {
  if (!leaf.hooks) return;
  const auto hooks = *leaf.hooks;
  for (const auto& [id, hook] : hooks)
    if (Tensor changed = hook(gradient); changed.defined()) gradient = std::move(changed);
}

// The tensors whose gradients are wanted, and the nodes on the ways to them.
class Targets {
 public:
  Targets(const std::vector<Tensor>& wanted, const std::vector<Tensor>& ys) {
    for (const Tensor& x : wanted) {
      const Edge edge = edge_to(x);
      edge.leaf ? (void)leaves_.insert(edge.leaf.get()) : (void)makers_.insert(edge.node.get());
    }
    for (const Node* node : nodes_before(ys)) {
      const bool leads = std::any_of(node->inputs.begin(), node->inputs.end(), [&](const Edge& e) { return takes(e); });
      // What a released node led to is no longer known; walking into it says so.
      if (leads || (node->released && !made(node))) passed_.insert(node);
    }
  }

  // Whether a result of this node is wanted.
  bool made(const Node* node) const { return makers_.contains(node); }
  // Whether the node has to run, too.
  bool passes(const Node* node) const { return passed_.contains(node); }
  bool takes(const Edge& edge) const {
    return edge.leaf ? leaves_.contains(edge.leaf.get()) : passes(edge.node.get()) || made(edge.node.get());
  }

 private:
  // Those that ys come from, earliest first.
  static std::vector<const Node*> nodes_before(const std::vector<Tensor>& ys) {
    std::vector<const Node*> found;
    std::unordered_set<const Node*> seen;
    const auto visit = [&](const Node* node) {
      if (node && seen.insert(node).second) found.push_back(node);
    };
    for (const Tensor& y : ys) visit(y.impl()->node.get());
    for (std::size_t i = 0; i < found.size(); ++i)
      for (const Edge& edge : found[i]->inputs) visit(edge.node.get());
    std::sort(found.begin(), found.end(), [](const Node* a, const Node* b) { return a->order < b->order; });
    return found;
  }

  std::unordered_set<const TensorImpl*> leaves_;
  std::unordered_set<const Node*> makers_, passed_;
};

// One way back over the tape. Gradients go to the leaves' .grad, or are kept here for `take`.
class Walk {
 public:
  Walk(bool retain_graph, const Targets* targets, bool keeps)
      : retain_graph_(retain_graph), keeps_(keeps), targets_(targets) {}

  void start(const Tensor& y, const Tensor& dy) {
    Tensor first = dy.defined() ? as_dtype(dy, y.dtype()) : empty(y.shape(), y.dtype(), y.device());
    if (!dy.defined()) fill_into(first, Scalar{Scalar::real, 1.0, 1});
    send(edge_to(y), std::move(first));
  }

  // The hooks of a leaf see its whole gradient, so they run after all nodes.
  void run() {
    while (!frontier_.empty()) step();
    for (auto& [leaf, gradient] : leaves_) {
      run_hooks(*leaf, gradient);
      keeps_ ? check_fits(*leaf, gradient) : accumulate(*leaf, std::move(gradient));
    }
  }

  // After run: what reached x, or undefined.
  Tensor take(const Tensor& x) {
    const Edge edge = edge_to(x);
    if (edge.leaf) {
      const auto place = find(*edge.leaf);
      return place == leaves_.end() ? Tensor() : place->second;
    }
    const auto place = results_.find(edge.node.get());
    return place == results_.end() ? Tensor() : place->second[edge.output];
  }

 private:
  using Leaves = std::vector<std::pair<Ref<TensorImpl>, Tensor>>;

  Leaves::iterator find(const TensorImpl& leaf) {
    return std::find_if(leaves_.begin(), leaves_.end(), [&](const auto& entry) { return entry.first.get() == &leaf; });
  }

  void send(const Edge& edge, Tensor gradient) {
    if (targets_ && !targets_->takes(edge)) return;
    if (edge.leaf) return reach(edge.leaf, std::move(gradient));
    auto& [node, gradients] = frontier_[edge.node->order];
    if (!node) {
      node = edge.node;
      gradients.resize(node->outputs);
    }
    add_to(gradients[edge.output], std::move(gradient));
  }

  void reach(const Ref<TensorImpl>& leaf, Tensor gradient) {
    if (!keeps_ && !leaf->hooks) return accumulate(*leaf, std::move(gradient));
    if (const auto place = find(*leaf); place != leaves_.end()) return add_to(place->second, std::move(gradient));
    leaves_.emplace_back(leaf, std::move(gradient));
  }

  void step() {
    auto [node, gradients] = std::move(frontier_.begin()->second);
    frontier_.erase(frontier_.begin());
    if (!node->hooks.empty()) run_hooks(*node, gradients);
    if (keeps_ && targets_->made(node.get())) results_[node.get()] = gradients;
    if (targets_ && !targets_->passes(node.get())) return;
    check<RuntimeError>(!node->released,
                        "backward: the tape at {} was walked and freed before; pass retain_graph=True the first time",
                        node->name);
    Gradients results = node->backward(gradients);
    if (const BackwardWatch watch = backward_watch.load(std::memory_order_relaxed)) [[unlikely]]
      watch(*node, gradients, results);
    gradients.clear();
    const std::vector<Edge> edges = retain_graph_ ? node->inputs : std::exchange(node->inputs, {});
    // First, so that a leaf may keep a saved tensor that is its gradient as it is.
    if (!retain_graph_) {
      node->released = true;
      node->release();
    }
    for (std::size_t i = 0; i < edges.size() && i < results.size(); ++i) {
      const Edge& edge = edges[i];
      if (results[i].defined() && (edge.node || edge.leaf)) send(edge, std::move(results[i]));
    }
    if (retain_graph_) return;
    const auto freed = std::move(node->hooks);  // whose ends may run anything
  }

  bool retain_graph_, keeps_;
  const Targets* targets_;  // null: all leaves
  // The nodes that gradients have reached, latest first: all users of a node come before it.
  std::map<std::uint64_t, std::pair<Ref<Node>, Gradients>, std::greater<>> frontier_;
  Leaves leaves_;
  std::unordered_map<const Node*, Gradients> results_;
};
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

namespace {

void check_start(const char* op, const Tensor& y, const Tensor& dy) {
  check<RuntimeError>(
      y.requires_grad(),
      "{}: this tensor does not depend on any tensor with requires_grad=True, or was made under no_grad", op);
  check<RuntimeError>(dy.defined() || y.numel() == 1,
                      "{}: wanted a tensor of one element, got shape {}; reduce it (y.sum()) or pass a gradient for it",
                      op, y.shape());
  check<RuntimeError>(!dy.defined() || dy.shape() == y.shape(),
                      "{}: the gradient of a result must have shape {}, got {}", op, y.shape(),
                      dy.defined() ? dy.shape() : Dims{});
}

void run(const char* op, Walk& walk, const std::vector<Tensor>& ys, const std::vector<Tensor>& dys) {
  for (std::size_t i = 0; i < ys.size(); ++i) check_start(op, ys[i], dys[i]);
  const NoGrad no_grad;
  const NoAutocast no_autocast;
  for (std::size_t i = 0; i < ys.size(); ++i) walk.start(ys[i], dys[i]);
  walk.run();
}

}  // namespace

void backward(const std::vector<Tensor>& ys, const std::vector<Tensor>& dys, bool retain_graph,
              const std::optional<std::vector<Tensor>>& inputs) {
  std::optional<Targets> targets;
  if (inputs) {
    for (const Tensor& x : *inputs)
      check<RuntimeError>(x.requires_grad() && !x.impl()->node,
                          "backward: inputs must be leaves that require a gradient; use autograd.grad for others");
    targets.emplace(*inputs, ys);
  }
  Walk walk(retain_graph, targets ? &*targets : nullptr, false);
  run("backward", walk, ys, dys);
}

std::vector<Tensor> gradients_of(const std::vector<Tensor>& ys, const std::vector<Tensor>& inputs,
                                 const std::vector<Tensor>& dys, bool retain_graph) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    check<RuntimeError>(inputs[i].requires_grad(), "grad: input {}, of shape {}, does not require a gradient", i,
                        inputs[i].shape());
  const Targets targets(inputs, ys);
  Walk walk(retain_graph, &targets, true);
  run("grad", walk, ys, dys);
  std::vector<Tensor> gradients;
  for (const Tensor& x : inputs) {
    const Tensor gradient = walk.take(x);
    gradients.push_back(gradient.defined() ? own(gradient) : gradient);
  }
  return gradients;
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
