"""Writes csrc/cuda/ptx_wgmma.h: wgmma for every N, whose instructions name each of up to 128 registers."""

import subprocess
from pathlib import Path

WIDTH = 120
HEAD = """\
#pragma once
// Part of ptx.h. Written by tools/make_wgmma.py; do not edit.
//
// wgmma<T>(d, a, b, accumulate): d (64, N) = a (64, K) b (K, N), plus d if `accumulate`, by the 128 threads of a
// warpgroup. T: bfloat16 or float16 with K = 16, float (as tf32) with K = 8. N is twice the length of d.
// d[4 j + 2 h + e] is row 16 warp + lane / 4 + 8 h, column 8 j + 2 (lane % 4) + e. a: a matrix_descriptor, or four
// registers laid out as the a of mma; b: a matrix_descriptor of (N, K). Major::mn, for 16-bit types: the operand lies
// transposed.
// Between wgmma_fence and the wgmma_wait after it, d must not be touched. A first product with `accumulate` false lets
// ptxas overlap products of a loop with wgmma_wait<1>, where zeroed accumulators make it serialise them.

namespace tilestack::ptx {

enum class Major { k = 0, mn = 1 };

template <int kN>
struct Wgmma;

#if PTX_SM90A
#define PTX_WGMMA(scale, text) \\
  "{\\n.reg .pred p;\\nsetp.ne.b32 p, " scale ", 0;\\nwgmma.mma_async.sync.aligned." text "\\n}\\n"
"""
TAIL = """\
#undef PTX_WGMMA

template <class T, Major kA = Major::k, Major kB = Major::k, int kHalf>
__device__ __forceinline__ void wgmma(float (&d)[kHalf], std::uint64_t a, std::uint64_t b, bool accumulate) {
  Wgmma<2 * kHalf>::template shared<T, static_cast<int>(kA), static_cast<int>(kB)>(d, a, b, accumulate);
}
template <class T, Major kB = Major::k, int kHalf>
__device__ __forceinline__ void wgmma(float (&d)[kHalf], const std::uint32_t (&a)[4], std::uint64_t b,
                                      bool accumulate) {
  Wgmma<2 * kHalf>::template registers<T, static_cast<int>(kB)>(d, a, b, accumulate);
}
#else
template <class T, Major kA = Major::k, Major kB = Major::k, int kHalf>
__device__ __forceinline__ void wgmma(float (&)[kHalf], std::uint64_t, std::uint64_t, bool) {
  __trap();
}
template <class T, Major kB = Major::k, int kHalf>
__device__ __forceinline__ void wgmma(float (&)[kHalf], const std::uint32_t (&)[4], std::uint64_t, bool) {
  __trap();
}
#endif

}  // namespace tilestack::ptx
"""
TYPES = (("bfloat16", "bf16", 16), ("float16", "f16", 16), ("float", "tf32", 8))


def wrap(items: list[str], indent: int, end: str) -> list[str]:
    """Items joined by commas, in lines that end with `end`."""
    lines = []
    line = " " * indent
    for i, item in enumerate(items):
        piece = item + (", " if i + 1 < len(items) else "")
        if len(line) + len(piece) + len(end) > WIDTH:
            lines.append(line.rstrip() + end)
            line = " " * indent
        line += piece
    return [*lines, line]


def instruction(n: int, name: str, k: int, in_registers: bool) -> list[str]:
    """One asm statement: d, a, b, the predicate, and immediates."""
    a = n // 2
    b = a + (4 if in_registers else 1)
    operand = f"{{%{a}, %{a + 1}, %{a + 2}, %{a + 3}}}" if in_registers else f"%{a}"
    flips = "" if name == "tf32" else f", %{b + 2}" if in_registers else f", %{b + 2}, %{b + 3}"
    text = f'm64n{n}k{k}.f32.{name}.{name} " PTX_WGMMA_D{n} ", {operand}, %{b}, p, 1, 1{flips};'
    values = ", ".join(f'"r"(a[{i}])' for i in range(4)) if in_registers else '"l"(a)'
    flags = [] if name == "tf32" else ['"n"(kB)'] if in_registers else ['"n"(kA)', '"n"(kB)']
    inputs = ", ".join([values, '"l"(b)', '"r"(int(accumulate))', *flags])
    return [
        f'      asm volatile(PTX_WGMMA("%{b + 1}", "{text}")',
        f"                   : PTX_WGMMA_R{n}",
        f'                   : {inputs} : "memory");',
    ]


def function(n: int, in_registers: bool) -> list[str]:
    name, flags = ("registers", "int kB") if in_registers else ("shared", "int kA, int kB")
    a = "const std::uint32_t (&a)[4]" if in_registers else "std::uint64_t a"
    lines = [
        f"  template <class T, {flags}>",
        f"  static __device__ __forceinline__ void {name}(float (&d)[{n // 2}], {a}, std::uint64_t b,",
        "                                                bool accumulate) {",
    ]
    for i, (dtype, suffix, k) in enumerate(TYPES):
        lines.append(f"    {'} else ' if i else ''}if constexpr (__is_same(T, {dtype})) {{")
        lines += instruction(n, suffix, k, in_registers)
    return [*lines, "    }", "  }"]


def shape(n: int) -> list[str]:
    count = n // 2
    registers = wrap([f"%{i}" for i in range(count)], 2, '" \\')
    strings = [f'  "{line.strip()}' + (" " if i + 1 < len(registers) else '}"') for i, line in enumerate(registers)]
    strings[0] = strings[0].replace('"', '"{', 1)
    strings = [line.replace('" \\ ', ' " \\') for line in strings]
    operands = wrap([f'"+f"(d[{i}])' for i in range(count)], 2, " \\")
    return [
        f"#define PTX_WGMMA_D{n} \\",
        *strings,
        f"#define PTX_WGMMA_R{n} \\",
        *operands,
        "template <>",
        f"struct Wgmma<{n}> {{",
        *function(n, False),
        *function(n, True),
        "};",
        f"#undef PTX_WGMMA_D{n}",
        f"#undef PTX_WGMMA_R{n}",
        "",
    ]


def main() -> None:
    lines = [HEAD]
    for n in range(8, 257, 8):
        lines += shape(n)
    target = Path(__file__).resolve().parent.parent / "csrc" / "cuda" / "ptx_wgmma.h"
    target.write_text("\n".join(lines) + "\n" + TAIL)
    subprocess.run(["clang-format", "-i", str(target)], check=True)


if __name__ == "__main__":
    main()
