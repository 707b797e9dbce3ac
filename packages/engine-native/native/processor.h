/* What an x86-64 processor, and the system that it runs under, let a program use. */
#ifndef BLOCKWISE_PROCESSOR_H
#define BLOCKWISE_PROCESSOR_H

#if defined(__x86_64__)

#include <stdbool.h>
#include <stdint.h>

/** The registers that tell; what a processor does not have is 0. */
typedef struct {
  /** CPUID leaf 1. */
  uint32_t leaf1_ecx;
  /** CPUID leaf 7, subleaf 0. */
  uint32_t leaf7_ebx;
  /** CPUID leaf 0x80000001. */
  uint32_t extended1_ecx;
  /** XCR0, which XGETBV reads: the registers that the system saves when it switches threads. */
  uint32_t xcr0;
} Processor;

Processor processor_read(void);

/**
 * The highest level of x86-64 that is there with all it asks for, 1 to 4: each was compiled for with `-march=x86-64-v<level>`, so that any
 * of its instructions may occur (System V ABI, AMD64 supplement, table 3.1).
 */
int processor_level(const Processor *processor);

#endif
#endif
