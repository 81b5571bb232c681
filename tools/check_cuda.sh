#!/usr/bin/env bash
# Compiles the CUDA module for every architecture:   bash tools/check_cuda.sh BUILD [ARCHITECTURES]
# Fails if a kernel does not compile or spills registers, where ptxas says that it serialised wgmma, if the module is
# larger than 30 MB, and, with cuobjdump, if the code for sm_90a lacks tensor-core or asynchronous copy instructions.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: bash tools/check_cuda.sh BUILD [ARCHITECTURES]}
architectures=${2:-80-real;90a-real;120}
bin=.venv/bin
log=$build/build.log
mkdir -p "$build"
"$bin/cmake" -S . -B "$build" -G Ninja -DTILESTACK_CUDA=ON "-DTILESTACK_CUDA_ARCHITECTURES=$architectures" -DPython_EXECUTABLE="$PWD/$bin/python" \
  -Dpybind11_DIR="$("$bin/python" -m pybind11 --cmakedir)" -DCMAKE_BUILD_TYPE=Release >"$log"
"$bin/cmake" --build "$build" --target _cuda >>"$log" 2>&1 || { tail -40 "$log"; exit 1; }
if grep -E 'C75[01][0-9]' "$log"; then
  echo "ptxas has serialised wgmma instructions"
  exit 1
fi
spills=$(grep -oE "spilled to local memory in function '[^']+', .*" "$log" | sort -u || true)
echo "kernels with spills: $(grep -c . <<<"$spills" || true)"
[ -z "$spills" ] || { echo "$spills"; exit 1; }
size=$(stat -c %s "$build/_cuda.so")
echo "_cuda.so: $size bytes"
[ "$size" -lt 30000000 ] || { echo "the CUDA module is larger than 30 MB"; exit 1; }
if command -v cuobjdump >/dev/null; then
  cuobjdump --dump-sass --gpu-architecture sm_90a "$build/_cuda.so" >"$build/sass.txt"
  for instruction in HMMA LDGSTS HGMMA UTMALDG; do
    count=$(grep -c "$instruction" "$build/sass.txt" || true)
    echo "$instruction: $count"
    [ "$count" -gt 0 ] || { echo "no $instruction in the code for sm_90a"; exit 1; }
  done
fi
