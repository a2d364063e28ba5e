// How inner loops are compiled for more than one kind of machine.
#pragma once

// The machine decides at run time which form of such a function is used.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define TORCHTS_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define TORCHTS_WIDE
#endif

// Becomes part of the function that calls it, and so of each of its forms.
#if defined(__GNUC__)
#define TORCHTS_INLINE inline __attribute__((always_inline))
#else
#define TORCHTS_INLINE inline
#endif
