#pragma once
#include <optional>

#include "core/tensor.h"

namespace tilestack {

using Gradients = std::vector<Tensor>;  // one for each input or output, in order; undefined: none

// Where the gradient of an op's input goes: to the op that made it, to a leaf, or nowhere.
struct Edge {
  Ref<Node> node;
  Ref<TensorImpl> leaf;
  int output = 0;
};

// One op on the tape.
struct Node {
  std::atomic<std::int32_t> references{0};
  const char* name;
  std::uint64_t order;  // later ops have larger ones
  int outputs = 1;
  bool released = false;
  std::vector<Edge> inputs;
  std::vector<std::pair<std::int64_t, std::pair<int, Hook>>> hooks;  // id, output, hook

  virtual Gradients backward(const Gradients& dys) = 0;
  virtual void release() = 0;  // lets go of saved tensors
  virtual ~Node() = default;

 protected:
  Node(const char* name, const std::vector<Tensor>& inputs);
  Node(const char* name, std::initializer_list<Tensor> inputs);
};

bool grad_enabled();
void set_grad_enabled(bool enabled);

struct NoGrad {
  bool before = grad_enabled();
  NoGrad() { set_grad_enabled(false); }
  ~NoGrad() { set_grad_enabled(before); }
};

template <class Inputs>
inline bool any_requires_grad(const Inputs& inputs) {
  if (!grad_enabled()) return false;
  for (const Tensor& x : inputs)
    if (x.requires_grad()) return true;
  return false;
}

// Appends to the tape: y.node = node.
void attach(const Tensor& y, Node* node, int output = 0);

template <class F>
struct ClosureNode final : Node {
  std::unique_ptr<F> closure;
  template <class Inputs>
  ClosureNode(const char* name, const Inputs& inputs, F&& f) : Node(name, inputs), closure(new F(std::move(f))) {}
  Gradients backward(const Gradients& dys) override {
    if constexpr (std::is_invocable_v<F&, const Tensor&>) {
      return (*closure)(dys[0]);
    } else {
      return (*closure)(dys);
    }
  }
  void release() override { closure.reset(); }
};

// Records how y came from the inputs and returns y. The closure gets dy and returns one gradient for each input; it
// leaves undefined those that no one wants (`if (x.requires_grad())`). It may hold inputs, never y itself, which would
// be a cycle: hold y.detach(). Tensors that it saves may be wrapped in Saved to notice writes in between.
template <class F>
inline Tensor record(const char* name, Tensor y, std::initializer_list<Tensor> inputs, F backward) {
  if (any_requires_grad(inputs)) attach(y, new ClosureNode<F>(name, inputs, std::move(backward)));
  return y;
}

// For a number of inputs or outputs that is known at run time only; the closure takes and returns Gradients. Gradients
// of outputs that the loss does not depend on are undefined.
template <class F>
inline std::vector<Tensor> record_many(const char* name, std::vector<Tensor> ys, const std::vector<Tensor>& inputs,
                                       F backward) {
  if (any_requires_grad(inputs)) {
    Ref<Node> node(new ClosureNode<F>(name, inputs, std::move(backward)));
    node->outputs = int(ys.size());
    for (int i = 0; i < int(ys.size()); ++i) attach(ys[i], node.get(), i);
  }
  return ys;
}

// A tensor kept for backward. Reading it fails if it was written in place since.
class Saved {
 public:
  Saved(const Tensor& x) : tensor_(x), version_(x.defined() ? version(x) : 0) {}
  const Tensor& operator*() const {
    check<RuntimeError>(!tensor_.defined() || version(tensor_) == version_,
                        "backward: a tensor of shape {} that it needs was changed in place after the forward pass",
                        tensor_.defined() ? tensor_.shape() : Dims{});
    return tensor_;
  }
  const Tensor* operator->() const { return &**this; }

 private:
  static std::uint32_t version(const Tensor& x) { return x.impl()->storage->version.load(std::memory_order_relaxed); }
  Tensor tensor_;
  std::uint32_t version_;
};

// Walks the tape from ys back to the leaves, or to those of `inputs`, and adds to their gradients. dys: one for each y,
// of its shape; undefined: 1, for a single element.
void backward(const std::vector<Tensor>& ys, const std::vector<Tensor>& dys, bool retain_graph,
              const std::optional<std::vector<Tensor>>& inputs);

// d ys / d inputs, weighed by dys; undefined where ys do not depend on the input. Leaves' .grad stays as it is.
std::vector<Tensor> gradients_of(const std::vector<Tensor>& ys, const std::vector<Tensor>& inputs,
                                 const std::vector<Tensor>& dys, bool retain_graph);

// Returns an id for remove_hook.
std::int64_t add_hook(const Tensor& x, Hook hook);
void remove_hook(const Tensor& x, std::int64_t id);

}  // namespace tilestack
