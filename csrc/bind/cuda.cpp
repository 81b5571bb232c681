#include "bind/bind.h"
#include "core/device.h"
#include "core/generator.h"
#include "ops/copy/copy.h"

namespace tilestack {
namespace {

// A runtime handle that Python owns.
struct Stream {
  int device;
  void* handle;
  bool owned;
  ~Stream() {
    if (owned) cuda_backend().free_stream(handle);
  }
};
struct Event {
  void* handle;
  explicit Event(bool timing) : handle(cuda_backend().new_event(timing)) {}
  Event(const Event&) = delete;
  ~Event() { cuda_backend().free_event(handle); }
};
struct Graph {
  void* handle;
  std::uint64_t counters;  // of random numbers that a launch draws
  Graph(void* handle, std::uint64_t counters) : handle(handle), counters(counters) {}
  Graph(const Graph&) = delete;
  ~Graph() { cuda_backend().free_graph(handle); }

  void launch() const {
    const Philox random = default_generator().state();
    cuda_backend().launch_graph(handle, random);
    default_generator().set_state({random.seed, random.offset + counters});
  }
};

thread_local Philox random_before;  // the capture

void begin_capture() {
  random_before = default_generator().state();
  cuda_backend().begin_capture(random_before);
}

// What was captured has not been drawn yet.
Graph* end_capture() {
  const std::uint64_t counters = default_generator().state().offset - random_before.offset;
  default_generator().set_state(random_before);
  return new Graph(cuda_backend().end_capture(), counters);
}

void abort_capture() {
  default_generator().set_state(random_before);
  cuda_backend().abort_capture();
}

int device_index(const std::optional<Device>& device) {
  if (!device) return cuda_backend().active();
  check(device->kind == Device::cuda, "cuda: wanted a GPU, got {}", *device);
  check_cuda_device("cuda", device->index);
  return device->index;
}

py::dict memory_dict(const std::optional<Device>& device) {
  const MemoryStats stats = cuda_backend().memory_stats(device_index(device));
  py::dict out;
  out["allocated_bytes"] = stats.allocated;
  out["peak_bytes"] = stats.peak;
  out["reserved_bytes"] = stats.reserved;
  out["allocations"] = stats.allocations;
  out["driver_allocations"] = stats.system_calls;
  return out;
}

py::dict properties(const std::optional<Device>& device) {
  GpuProperties p;
  cuda_backend().properties(device_index(device), &p);
  py::dict out;
  out["name"] = std::string(p.name);
  out["compute_capability"] = py::make_tuple(p.major, p.minor);
  out["multiprocessors"] = p.multiprocessors;
  out["memory_bytes"] = p.memory;
  return out;
}

Tensor pinned(const Tensor& x) {
  check(x.device().kind == Device::cpu, "pin_memory: only CPU memory can be pinned, this tensor is on {}", x.device());
  Storage* storage = cuda_backend().new_pinned_storage(std::size_t(x.numel()) * size_of(x.dtype()));
  const Tensor y = from_memory(storage->data, x.shape(), contiguous_strides(x.shape()), x.dtype(), Device{}, true,
                               storage, [](Storage* outer) {
                                 auto* inner = static_cast<Storage*>(outer->owner);
                                 inner->free(inner);
                                 delete outer;
                               });
  copy_into(y, x);
  return y;
}

void bind_streams(py::module_& m) {
  py::class_<Event> event(m, "CudaEvent", "A point in a stream's work.");  // first: a stream's signatures name it
  py::class_<Stream>(m, "CudaStream", "A queue of GPU work that runs in order.")
      .def(py::init([](const std::optional<Device>& device, int priority) {
             const int index = device_index(device);
             return new Stream{index, cuda_backend().new_stream(index, priority), true};
           }),
           py::arg("device") = py::none(), py::arg("priority") = 0)
      .def_property_readonly("device", [](const Stream& s) { return Device{Device::cuda, std::int8_t(s.device)}; })
      .def_property_readonly(
          "handle", [](const Stream& s) { return reinterpret_cast<std::uintptr_t>(s.handle); },
          "The cudaStream_t, as a number.")
      .def(
          "synchronize", [](const Stream& s) { cuda_backend().synchronize_stream(s.handle); },
          "Waits until all its work is done.")
      .def(
          "query", [](const Stream& s) { return cuda_backend().stream_done(s.handle); },
          "True if all its work is done.")
      .def(
          "wait_event", [](const Stream& s, const Event& e) { cuda_backend().wait_event(s.handle, e.handle); },
          "Work from now on starts after the event.", py::arg("event"))
      .def(
          "wait_stream",
          [](const Stream& s, const Stream& other) {
            const Event event(false);
            cuda_backend().record_event(event.handle, other.handle);
            cuda_backend().wait_event(s.handle, event.handle);
          },
          "Work from now on starts after what the other stream has now.", py::arg("stream"));
  event.def(py::init<bool>(), py::arg("enable_timing") = false)
      .def(
          "record", [](const Event& e, const Stream& s) { cuda_backend().record_event(e.handle, s.handle); },
          "Stands after the work that the stream has now.", py::arg("stream"))
      .def(
          "synchronize", [](const Event& e) { cuda_backend().synchronize_event(e.handle); },
          "Waits until it is reached.")
      .def(
          "query", [](const Event& e) { return cuda_backend().event_done(e.handle); }, "True if it has been reached.")
      .def(
          "elapsed_time", [](const Event& e, const Event& end) { return cuda_backend().elapsed(e.handle, end.handle); },
          "Milliseconds from here to `end`; both need enable_timing=True.", py::arg("end"));
  py::class_<Graph>(m, "CudaGraph", "Recorded GPU work.")
      .def("launch", &Graph::launch, "Runs it on the current stream.")
      .def(
          "begin_refresh", [](const Graph& g) { cuda_backend().begin_refresh(g.handle); }, "")
      .def("end_refresh", [](const Graph&) { cuda_backend().end_refresh(); }, "");
}

}  // namespace

void bind_cuda(Bindings& b) {
  bind_streams(b.module);
  b.function("_cuda_why_not", &why_no_cuda, "");
  b.function("_cuda_architectures", [] { return std::string(cuda_backend().architectures); }, "");
  b.function("_cuda_device_count", [] { return cuda_backend().device_count(); }, "");
  b.function("_cuda_current_device", [] { return cuda_backend().active(); }, "");
  b.function(
      "_cuda_set_device",
      [](int index) {
        check_cuda_device("set_device", index);
        cuda_backend().activate(index);
      },
      "", py::arg("index"));
  using Where = const std::optional<Device>&;
  b.function("_cuda_properties", &properties, "", py::arg("device"));
  b.function("_cuda_memory_stats", &memory_dict, "", py::arg("device"));
  b.function(
      "_cuda_reset_peak_memory", [](Where d) { cuda_backend().reset_peak_memory(device_index(d)); }, "",
      py::arg("device"));
  b.function("_cuda_empty_cache", [] { cuda_backend().empty_cache(); }, "");
  b.function("_cuda_set_poison", [](bool on) { cuda_backend().set_poison(on); }, "", py::arg("on"));
  b.function("_cuda_synchronize", [](Where d) { cuda_backend().synchronize(device_index(d)); }, "", py::arg("device"));
  b.function(
      "_cuda_current_stream",
      [](Where d) {
        const int index = device_index(d);
        return Stream{index, cuda_backend().current_stream(index), false};
      },
      "", py::arg("device"));
  b.function(
      "_cuda_set_stream", [](const Stream& s) { cuda_backend().set_stream(s.device, s.handle); }, "",
      py::arg("stream"));
  b.function("_cuda_begin_capture", &begin_capture, "");
  b.function("_cuda_end_capture", &end_capture, "");
  b.function("_cuda_abort_capture", &abort_capture, "");
  b.method("pin_memory", &pinned,
           "A copy in memory that the GPU can read and write by itself, so that copies overlap.");
  b.method(
      "record_stream",
      [](const Tensor& x, const Stream& s) {
        if (x.device().kind == Device::cuda) cuda_backend().record_stream(x.impl()->storage.get(), s.handle);
      },
      "Keeps the memory from being reused before the stream's present work is done.", py::arg("stream"));
}

}  // namespace tilestack
