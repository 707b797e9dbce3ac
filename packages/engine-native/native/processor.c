/*
 * CPUID and XGETBV are asked directly: `__builtin_cpu_supports` leaves it to the compiler's run-time library, and that of zig's
 * clang finds nothing. Bits are those of Intel's manual (volume 2A, CPUID; volume 1, 13.3); AMD's are the same.
 */
#include "processor.h"

#if defined(__x86_64__)

#include <cpuid.h>

#define BIT(number) (UINT32_C(1) << (number))

/** Leaf 1, ECX: SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT. */
#define V2_LEAF1 (BIT(0) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(23))
/** Leaf 0x80000001, ECX: LAHF and SAHF. */
#define V2_EXTENDED1 BIT(0)

/** Leaf 1, ECX: the system uses XSAVE, so that there is an XGETBV. */
#define OSXSAVE BIT(27)
/** Leaf 1, ECX: FMA, MOVBE, AVX, F16C. */
#define V3_LEAF1 (BIT(12) | BIT(22) | OSXSAVE | BIT(28) | BIT(29))
/** Leaf 7, EBX: BMI1, AVX2, BMI2. */
#define V3_LEAF7 (BIT(3) | BIT(5) | BIT(8))
/** Leaf 0x80000001, ECX: LZCNT. */
#define V3_EXTENDED1 BIT(5)
/** XCR0: the lower halves of vectors (XMM) and the upper ones (YMM). */
#define V3_XCR0 (BIT(1) | BIT(2))

/** Leaf 7, EBX: AVX-512 F, DQ, CD, BW, VL. */
#define V4_LEAF7 (BIT(16) | BIT(17) | BIT(28) | BIT(30) | BIT(31))
/** XCR0: masks, the upper halves of ZMM0 to ZMM15, ZMM16 to ZMM31. */
#define V4_XCR0 (BIT(5) | BIT(6) | BIT(7))

static bool has(uint32_t value, uint32_t bits) { return (value & bits) == bits; }

static uint32_t read_xcr0(void) {
  uint32_t low, high;
  // The intrinsic would need this file to be compiled for processors with XSAVE.
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

Processor processor_read(void) {
  Processor processor = {0};
  uint32_t eax, ebx, ecx, edx;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) processor.leaf1_ecx = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) processor.leaf7_ebx = ebx;
  if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx)) processor.extended1_ecx = ecx;
  if (has(processor.leaf1_ecx, OSXSAVE)) processor.xcr0 = read_xcr0();
#if defined(__APPLE__)
  // macOS gives a thread the registers of AVX-512 at its first use of them, and says so in XCR0 only then.
  if (has(processor.xcr0, V3_XCR0)) processor.xcr0 |= V4_XCR0;
#endif
  return processor;
}

int processor_level(const Processor *processor) {
  if (!has(processor->leaf1_ecx, V2_LEAF1) || !has(processor->extended1_ecx, V2_EXTENDED1)) return 1;
  if (!has(processor->leaf1_ecx, V3_LEAF1) || !has(processor->leaf7_ebx, V3_LEAF7) ||
      !has(processor->extended1_ecx, V3_EXTENDED1) || !has(processor->xcr0, V3_XCR0)) {
    return 2;
  }
  return has(processor->leaf7_ebx, V4_LEAF7) && has(processor->xcr0, V4_XCR0) ? 4 : 3;
}

#endif
