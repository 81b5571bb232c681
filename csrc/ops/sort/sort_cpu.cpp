#include "ops/sort/sort.h"

#include "core/parallel.h"
#include "ops/sort/sort_key.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Item {
  std::uint64_t key;
  std::int64_t place;
};

// Puts `item` into the n sorted ones, behind its equals.
TILESTACK_INLINE void insert(Item* items, std::int64_t n, Item item) {
  for (; n > 0 && items[n - 1].key > item.key; --n) items[n] = items[n - 1];
  items[n] = item;
}

void merge(const Item* a, const Item* a_end, const Item* b, const Item* b_end, Item* to) {
  while (a < a_end && b < b_end) *to++ = b->key < a->key ? *b++ : *a++;
  while (a < a_end) *to++ = *a++;
  while (b < b_end) *to++ = *b++;
}

// Merges longer and longer runs, to and fro; returns which of the two has the result.
Item* merge_sort(Item* items, Item* other, std::int64_t n) {
  constexpr std::int64_t kRun = 16;
  for (std::int64_t begin = 0; begin < n; begin += kRun) {
    const std::int64_t count = n - begin < kRun ? n - begin : kRun;
    for (std::int64_t i = 1; i < count; ++i) insert(items + begin, i, items[begin + i]);
  }
  for (std::int64_t run = kRun; run < n; run *= 2) {
    for (std::int64_t begin = 0; begin < n; begin += 2 * run) {
      const std::int64_t middle = begin + run < n ? begin + run : n, end = middle + run < n ? middle + run : n;
      merge(items + begin, items + middle, items + middle, items + end, other + begin);
    }
    Item* const from = items;
    items = other;
    other = from;
  }
  return items;
}

// The first `kept` of a row: each element that belongs there finds its place among them.
template <class T>
void select_first(const T* x, std::int64_t n, Item* items, std::int64_t kept, bool descending) {
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint64_t key = sort_key(x[i], descending);
    if (i < kept) {
      insert(items, i, {key, i});
    } else if (key < items[kept - 1].key) {
      insert(items, kept - 1, {key, i});
    }
  }
}

void forward(View x, View indices, bool descending) {
  const std::int64_t n = x.shape[1], kept = indices.shape[1];
  constexpr std::int64_t kFew = 32;
  const bool few = kept <= kFew && kept * 4 <= n;
  visit_all(x.dtype, [&]<class T>() {
    parallel_rows(x.shape[0], n * 16, [&](std::int64_t row) {
      const Scratch<Item> memory(few ? kept : 2 * n);
      Item* items = memory;
      const T* in = x.row<T>(row);
      if (few) {
        select_first(in, n, items, kept, descending);
      } else {
        for (std::int64_t i = 0; i < n; ++i) items[i] = {sort_key(in[i], descending), i};
        items = merge_sort(items, items + n, n);
      }
      std::int64_t* out = indices.row<std::int64_t>(row);
      for (std::int64_t i = 0; i < kept; ++i) out[i] = items[i].place;
    });
  });
}

}  // namespace
constinit const SortKernels sort = {forward};
}  // namespace tilestack::TILESTACK_ISA
