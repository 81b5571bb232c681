#!/usr/bin/env bash
# Everything that only a real GPU can tell, on a machine with one:   bash bench/gpu.sh OUT [PART ...]
#
#   build        the core and the CUDA module for this machine's GPU, into build/gpu
#   tests        the parity tests and tests/test_cuda.py on the GPU
#   sanitizer    compute-sanitizer (memcheck, racecheck, synccheck) over the kernels' forward and backward passes
#   conformance  records what every ptx:: function gives on this GPU, for the emulator to be compared with
#   gemm conv memory optimizer train
#                benchmarks beside torch, as far as it is installed; each writes OUT/gpu-PART.json
#
# Without PARTs: all. Needs nvcc, cmake, ninja and a Python with numpy, pybind11 and pytest; no network. Each part ends
# within 10 minutes. OUT gets JSON files and logs; a short table of the results is printed last.
set -uo pipefail
cd "$(dirname "$0")/.."
out=${1:?usage: bash bench/gpu.sh OUT [PART ...]}
shift
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(build tests sanitizer conformance gemm conv memory optimizer train)
mkdir -p "$out"
python=${PYTHON:-python3}
build=build/gpu
site=$PWD/$build/site
export PYTHONPATH=$site:$PWD:${PYTHONPATH:-} PYTHONUNBUFFERED=1
failed=()

part_build() {
  local capability
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -1 | tr -d .)
  [ "$capability" = 90 ] && capability=90a
  cmake -S . -B $build -G Ninja -DTILESTACK_CUDA=ON -DTILESTACK_CUDA_ARCHITECTURES="${capability:-90a}-real" \
    -DPython_EXECUTABLE="$(command -v "$python")" -Dpybind11_DIR="$($python -m pybind11 --cmakedir)" \
    -DCMAKE_BUILD_TYPE=Release -DSKBUILD_PROJECT_VERSION=0+gpu &&
    cmake --build $build &&
    rm -rf "$site" && mkdir -p "$site" && cp -r python/tilestack "$site"/ &&
    cp $build/_core*.so $build/_cuda.so "$site"/tilestack/ &&
    $python -c "import tilestack as ts; print(ts.cuda.get_device_properties() if ts.cuda.is_available() else ts.cuda.why_not())"
}

part_tests() {
  TILESTACK_TEST_BACKENDS=cuda $python -m pytest -q -p no:cacheprovider tests/test_cases.py tests/test_cuda.py \
    tests/test_gemm_cuda.py tests/test_attention_cuda.py
}

# The small samples of the cases: the tools slow a kernel down by 10 to 100 times.
part_sanitizer() {
  local tool
  for tool in memcheck racecheck synccheck; do
    echo "== $tool"
    timeout 180 compute-sanitizer --tool $tool --error-exitcode 9 --print-limit 20 \
      $python tools/run_cases.py --device cuda --small || return 1
  done
}

part_conformance() {
  nvcc -std=c++20 -O2 -arch=sm_90a -Icsrc -o $build/conformance tests/emulator/conformance.cu -lcuda &&
    $build/conformance "$out"/conformance.bin && ls -l "$out"/conformance.bin
}

part_bench() { $python -m bench.gpu "$1" --out "$out"; }

for part in "${parts[@]}"; do
  echo "== $part"
  started=$SECONDS
  case $part in
    build | tests | sanitizer | conformance) part_"$part" 2>&1 | tee "$out/$part.log" ;;
    gemm | conv | memory | optimizer | train) part_bench "$part" 2>&1 | tee "$out/$part.log" ;;
    *) echo "no such part: $part" && false ;;
  esac || failed+=("$part")
  echo "== $part: $((SECONDS - started)) s"
done
[ -e "$out"/gpu-gemm.json ] && $python -m bench.gpu table --out "$out"
[ ${#failed[@]} -eq 0 ] || echo "failed: ${failed[*]}"
[ ${#failed[@]} -eq 0 ]
