#!/bin/sh
# Runs the tests of the kernels in C, compiled by zig, on emulated processors: x86-64 with and without AVX2, and ARM64. AVX-512 is not
# emulated. Needs qemu-user and libc6-arm64-cross (Debian's names) and zig, "python3 -m ziglang" or what ZIG says.
set -e
native=$(cd "$(dirname "$0")/../../packages/engine-native/native" && pwd)
zig=${ZIG:-python3 -m ziglang}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-std=gnu11 -O2 -g0 -ffp-contract=fast -fno-math-errno -Wall -Wextra -Werror"

# compile TARGET TABLE=FLAG...: makes test-kernels and test-processor in $work
compile() {
  compiler="$zig cc --target=$1 $flags"
  shift
  rm -f "$work"/*.o
  for set in "$@"; do
    $compiler ${set#*=} -DKERNELS="${set%%=*}" -c "$native/kernels.c" -o "$work/${set%%=*}.o"
  done
  for source in context dispatch processor; do $compiler -c "$native/$source.c" -o "$work/$source.o"; done
  $compiler "$native/test/test-kernels.c" "$work"/*.o -o "$work/test-kernels" -lm -lpthread
  $compiler "$native/test/test-processor.c" "$work/processor.o" -o "$work/test-processor"
}

compile x86_64-linux-gnu.2.28 kernels_v2=-march=x86_64_v2 kernels_v3=-march=x86_64_v3 kernels_v4=-march=x86_64_v4
for processor in Conroe Nehalem Haswell EPYC-Rome; do
  echo "$processor:"
  qemu-x86_64 -cpu $processor "$work/test-processor"
  qemu-x86_64 -cpu $processor "$work/test-kernels"
done
compile aarch64-linux-gnu.2.28 kernels_plain=
for processor in cortex-a53 cortex-a72 max; do
  echo "$processor:"
  qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu $processor "$work/test-kernels"
done
