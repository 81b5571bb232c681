#pragma once

// For functions of a kernel file that run once a call, ahead of its loops: out of line and compiled for size. Not
// gnu::cold, which would spread to what their callers do next.
#if defined(__GNUC__) && !defined(__clang__)
#define TILESTACK_ONCE [[gnu::noinline, gnu::optimize("Os")]]
#else
#define TILESTACK_ONCE [[gnu::noinline]]
#endif
