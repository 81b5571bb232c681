#include "ops/random/random.h"
#include "bind/bind.h"
#include "core/device.h"
#include "core/generator.h"

namespace tilestack {
namespace {

using OptionalDType = std::optional<DType>;
using OptionalDevice = std::optional<Device>;

std::uint64_t seed_of(const py::int_& seed) {
  const std::uint64_t value = PyLong_AsUnsignedLongLongMask(seed.ptr());
  if (PyErr_Occurred()) throw py::error_already_set();
  return value;
}

py::tuple state_of(const Generator& generator) {
  const Philox state = generator.state();
  return py::make_tuple(state.seed, state.offset);
}

void set_state(Generator& generator, const py::tuple& state) {
  check(state.size() == 2, "set_rng_state: wanted a state that get_rng_state gave, got a tuple of {}", state.size());
  generator.set_state({state[0].cast<std::uint64_t>(), state[1].cast<std::uint64_t>()});
}

void bind_generator(Bindings& b) {
  py::class_<Generator>(b.module, "Generator", "A random stream of its own: pass it as generator=.")
      .def(py::init([](const py::int_& seed) { return new Generator(seed_of(seed)); }), py::arg("seed") = 0)
      .def(
          "manual_seed",
          [](const py::object& self, const py::int_& seed) {
            self.cast<Generator&>().set_seed(seed_of(seed));
            return self;
          },
          "Starts the stream of a seed.", py::arg("seed"))
      .def("initial_seed", [](const Generator& g) { return g.state().seed; })
      .def("get_state", &state_of, "(seed, position)")
      .def("set_state", &set_state, py::arg("state"));
  b.function(
      "manual_seed", [](const py::int_& seed) { default_generator().set_seed(seed_of(seed)); },
      "Starts the default random stream anew: what follows depends on the seed and the calls alone.", py::arg("seed"));
  b.function("initial_seed", [] { return default_generator().state().seed; }, "The seed of the default stream.");
  b.function("get_rng_state", [] { return state_of(default_generator()); }, "(seed, position) of the default stream.");
  b.function(
      "set_rng_state", [](const py::tuple& state) { set_state(default_generator(), state); },
      "Continues from a state that get_rng_state gave.", py::arg("state"));
}

// rand(*size) and rand_like(x) and so on, which fill new memory.
template <class Fill>
void bind_sampler(Bindings& b, const char* name, const char* like_name, const char* doc, Fill fill) {
  b.function(
      name,
      [name, fill](const py::args& size, Generator* generator, const OptionalDType& dtype, const OptionalDevice& device,
                   bool requires_grad) {
        const Tensor x = empty(shape_of(name, size), dtype.value_or(DType::float32), device.value_or(Device{}));
        return with_grad(fill(x, generator), requires_grad);
      },
      doc, py::kw_only(), py::arg("generator") = py::none(), py::arg("dtype") = py::none(),
      py::arg("device") = py::none(), py::arg("requires_grad") = false);
  b.function(
      like_name,
      [fill](const Tensor& x, const OptionalDType& dtype, const OptionalDevice& device, Generator* generator) {
        return fill(new_like(x, dtype, device), generator);
      },
      doc, py::arg("input").none(false), py::kw_only(), py::arg("dtype") = py::none(), py::arg("device") = py::none(),
      py::arg("generator") = py::none());
}

void bind_new(Bindings& b) {
  bind_sampler(b, "rand", "rand_like", "Uniform in [0, 1).",
               [](const Tensor& x, Generator* g) { return uniform_(x, 0, 1, g); });
  bind_sampler(b, "randn", "randn_like", "Standard normal.",
               [](const Tensor& x, Generator* g) { return normal_(x, 0, 1, g); });
  const auto randint = [](std::int64_t low, std::int64_t high, const Dims& size, Generator* generator,
                          const OptionalDType& dtype, const OptionalDevice& device) {
    return random_(empty(size, dtype.value_or(DType::int64), device.value_or(Device{})), low, high, generator);
  };
  const py::arg_v generator = py::arg("generator") = py::none(), dtype = py::arg("dtype") = py::none(),
                  device = py::arg("device") = py::none();
  b.function("randint", randint, "Integers in [low, high), int64 unless dtype says otherwise.", py::arg("low"),
             py::arg("high"), py::arg("size"), py::kw_only(), generator, dtype, device);
  b.function(
      "randint",
      [randint](std::int64_t high, const Dims& size, Generator* g, const OptionalDType& d, const OptionalDevice& at) {
        return randint(0, high, size, g, d, at);
      },
      "Integers in [0, high).", py::arg("high"), py::arg("size"), py::kw_only(), generator, dtype, device);
  b.function(
      "randperm",
      [](std::int64_t n, Generator* g, const OptionalDevice& at) {
        return to_device(randperm(n, g), at.value_or(Device{}));
      },
      "0 to n - 1 in random order, int64; the same order on every device.", py::arg("n"), py::kw_only(), generator,
      device);
  b.function(
      "normal",
      [](double mean, double std, const Dims& size, Generator* g, const OptionalDType& d, const OptionalDevice& at) {
        return normal_(empty(size, d.value_or(DType::float32), at.value_or(Device{})), mean, std, g);
      },
      "Normal with a mean and a standard deviation.", py::arg("mean"), py::arg("std"), py::arg("size"), py::kw_only(),
      generator, dtype, device);
  b.both("bernoulli", &bernoulli, "1 with the probability that each element of input says, else 0.",
         py::arg("input").none(false), py::kw_only(), generator);
}

void bind_in_place(Bindings& b) {
  const py::arg_v generator = py::arg("generator") = py::none();
  b.method("uniform_", &uniform_, "Uniform in [from, to), in place.", py::arg("from") = 0.0, py::arg("to") = 1.0,
           py::kw_only(), generator);
  b.method("normal_", &normal_, "Normal with a mean and a standard deviation, in place.", py::arg("mean") = 0.0,
           py::arg("std") = 1.0, py::kw_only(), generator);
  b.method("random_", &random_, "Integers in [from, to), in place.", py::arg("from"), py::arg("to"), py::kw_only(),
           generator);
  b.method("bernoulli_", &bernoulli_, "1 with probability p, else 0, in place.", py::arg("p") = 0.5, py::kw_only(),
           generator);
}

}  // namespace

void bind_random(Bindings& b) {
  bind_generator(b);
  bind_new(b);
  bind_in_place(b);
}

}  // namespace tilestack
