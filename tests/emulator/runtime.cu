// Streams, events, graphs, cooperative and dependent blocks, and the faults that any kernel can have.
#include "harness.h"

namespace tilestack {
namespace {

__global__ void add_kernel(float* x, int n, float value) {
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads()) x[i] += value;
}

__global__ void fill_kernel(float* x, int n, float value) {
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads()) x[i] = value;
}

struct Stream {
  cudaStream_t handle = nullptr;
  Stream() { gpu::check(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking), "stream"); }
  ~Stream() { cudaStreamDestroy(handle); }
};

gpu::Launch on(cudaStream_t stream, unsigned blocks = 4) {
  gpu::Launch shape{blocks, 64};
  shape.stream = stream;
  return shape;
}

// Two streams; the second needs what the first made.
template <bool kWaits>
void events(Test& test) {
  auto x = test.empty<float>(1000);
  Stream first, second;
  cudaEvent_t ready;
  gpu::check(cudaEventCreateWithFlags(&ready, cudaEventDisableTiming), "event");
  gpu::launch(fill_kernel, on(first.handle), x.device, 1000, 2.0f);
  gpu::check(cudaEventRecord(ready, first.handle), "record");
  if (kWaits) gpu::check(cudaStreamWaitEvent(second.handle, ready), "wait");
  gpu::launch(add_kernel, on(second.handle), x.device, 1000, 3.0f);
  gpu::check(cudaStreamSynchronize(second.handle), "synchronize");
  test.near(x.host()[999], 5, 1e-6, 999);
  cudaEventDestroy(ready);
}

// Pinned memory is read when the copy runs.
template <bool kWaits>
void pinned_copy(Test& test) {
  auto x = test.empty<float>(1000);
  float* staged = nullptr;
  gpu::check(cudaMallocHost(&staged, 4000), "cudaMallocHost");
  for (int i = 0; i < 1000; ++i) staged[i] = 1;
  gpu::check(cudaMemcpyAsync(x.device, staged, 4000, cudaMemcpyHostToDevice, gpu::current_stream()), "copy");
  if (kWaits) gpu::check(cudaStreamSynchronize(gpu::current_stream()), "synchronize");
  for (int i = 0; i < 1000; ++i) staged[i] = 2;
  const auto got = x.host();
  cudaFreeHost(staged);
  test.near(got[0], 1, 1e-6, 0);
}

void graph(Test& test) {
  auto x = test.empty<float>(1000);
  Stream stream;
  gpu::launch(fill_kernel, on(stream.handle), x.device, 1000, 0.0f);
  cudaGraph_t captured;
  cudaGraphExec_t exec;
  gpu::check(cudaStreamBeginCapture(stream.handle, cudaStreamCaptureModeThreadLocal), "begin");
  gpu::launch(add_kernel, on(stream.handle), x.device, 1000, 1.0f);
  gpu::launch(add_kernel, on(stream.handle), x.device, 1000, 2.0f);
  gpu::check(cudaStreamEndCapture(stream.handle, &captured), "end");
  gpu::check(cudaGraphInstantiate(&exec, captured), "instantiate");
  for (int i = 0; i < 3; ++i) gpu::check(cudaGraphLaunch(exec, stream.handle), "launch");
  gpu::check(cudaStreamSynchronize(stream.handle), "synchronize");
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(captured);
  test.near(x.host()[0], 9, 1e-6, 0);
}

// Each block adds its part; the last to finish sums the parts in order.
__global__ void last_block_kernel(const float* x, float* parts, std::uint32_t* done, float* total, int n) {
  float sum = 0;
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads()) sum += x[i];
  sum = block_sum(sum);
  GPU_SHARED(last, bool);
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = sum;
    __threadfence();
    last = ptx::atomic_add_acq_rel(done, 1) + 1 == gridDim.x;
  }
  __syncthreads();
  if (last && threadIdx.x == 0) {
    float all = 0;
    for (unsigned i = 0; i < gridDim.x; ++i) all += parts[i];
    *total = all;
  }
}

void last_block(Test& test) {
  const int n = 10000, blocks = 7;
  const auto x = test.random<float>(n);
  auto parts = test.empty<float>(blocks), total = test.empty<float>(1);
  auto done = test.upload(std::vector<int>(1, 0));
  gpu::launch(last_block_kernel, {blocks, 128}, x.device, parts.device, reinterpret_cast<std::uint32_t*>(done.device),
              total.device, n);
  double expected = 0;
  for (const float v : x.values) expected += v;
  test.near(total.host()[0], expected, 1e-3, 0);
}

// Every block writes, then reads its neighbour's.
template <bool kWaits>
__global__ void neighbours_kernel(float* x, float* y, std::uint32_t* counter) {
  for (int round = 0; round < 3; ++round) {
    if (threadIdx.x == 0) x[blockIdx.x] = round + blockIdx.x;
    if (kWaits) ptx::grid_sync(counter);
    if (threadIdx.x == 0) y[blockIdx.x] = x[(blockIdx.x + 1) % gridDim.x];
    if (kWaits) ptx::grid_sync(counter);
  }
}

template <bool kWaits>
void cooperative(Test& test) {
  auto x = test.empty<float>(4), y = test.empty<float>(4);
  auto counter = test.upload(std::vector<int>(1, 0));
  gpu::Launch shape{4, 64};
  shape.cooperative = true;
  gpu::launch(neighbours_kernel<kWaits>, shape, x.device, y.device, reinterpret_cast<std::uint32_t*>(counter.device));
  const auto got = y.host();
  for (int i = 0; i < 4; ++i) test.near(got[i], 2 + (i + 1) % 4, 1e-6, i);
}

// Each block reads a float of the other's shared memory.
__global__ void exchange_kernel(float* y) {
  GPU_SHARED(value, float[32]);
  value[threadIdx.x] = float(blockIdx.x * 100 + threadIdx.x);
  ptx::cluster_sync();
  const float* other = ptx::cluster_map(&value[31 - threadIdx.x], ptx::cluster_rank() ^ 1);
  y[blockIdx.x * 32 + threadIdx.x] = *other;
  ptx::cluster_sync();
}

void cluster(Test& test) {
  auto y = test.empty<float>(128);
  gpu::launch(exchange_kernel, {4, 32, 0, 2}, y.device);
  const auto got = y.host();
  for (int i = 0; i < 128; ++i) test.near(got[i], (i / 32 ^ 1) * 100 + 31 - i % 32, 1e-6, i);
}

enum class Fault {
  out_of_range,
  misaligned,
  missing_lane,
  ended_thread,
  wild_pointer,
  blocks_collide,
  bulk_range,
  division
};

template <Fault kFault>
__global__ void faulty_kernel(float* x, int n) {
  GPU_SHARED(tile, float[64]);
  const int t = threadIdx.x;
  if (kFault == Fault::out_of_range) x[t == 63 ? n : t] = 1;
  if (kFault == Fault::misaligned) gpu::store(x + 1, gpu::load<4>(x + 4));
  if (kFault == Fault::missing_lane && t % 32 != 5) x[t] = __shfl_xor_sync(0xffffffdfu, float(t), 1);
  if (kFault == Fault::ended_thread && t == 40) return;
  if (kFault == Fault::wild_pointer && t == 3) *reinterpret_cast<float*>(std::intptr_t(n)) = 1;
  if (kFault == Fault::blocks_collide) x[t] = float(blockIdx.x);
  if (kFault == Fault::bulk_range && t == 0) ptx::cp_async<16>(tile, x + n);
  if (kFault == Fault::division && t == 7) x[t] = float(t / (n - 1000));
  __syncthreads();
  tile[t] = x[t];
}

template <Fault kFault>
void faulty(Test& test) {
  auto x = test.empty<float>(1000);
  gpu::launch(faulty_kernel<kFault>, {2, 64}, x.device, 1000);
  x.host();
}

void refused_launch(Test& test) {
  auto x = test.empty<float>(1000);
  gpu::launch(fill_kernel, {1, 2048}, x.device, 1000, 0.0f);
}

TEST(events, events<true>);
TEST(pinned_copy, pinned_copy<true>);
TEST(graph, graph);
TEST(last_block, last_block);
TEST(cooperative, cooperative<true>);
TEST(cluster, cluster);
BUG(events_without_wait, kEverywhere, events<false>);
BUG(pinned_copy_without_wait, kEverywhere, pinned_copy<false>);
BUG(cooperative_without_wait, kRace, cooperative<false>);
BUG(out_of_range, kAsan, faulty<Fault::out_of_range>);
BUG(misaligned, kEverywhere, faulty<Fault::misaligned>);
BUG(missing_lane, kEverywhere, faulty<Fault::missing_lane>);
BUG(ended_thread, kEverywhere, faulty<Fault::ended_thread>);
BUG(wild_pointer, kEverywhere, faulty<Fault::wild_pointer>);
BUG(blocks_collide, kRace, faulty<Fault::blocks_collide>);
BUG(copy_out_of_range, kEverywhere, faulty<Fault::bulk_range>);
BUG(division_by_zero, kEverywhere, faulty<Fault::division>);
BUG(refused_launch, kEverywhere, refused_launch);

}  // namespace
}  // namespace tilestack
