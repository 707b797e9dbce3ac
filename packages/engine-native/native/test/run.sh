#!/bin/sh
# Runs the kernels under the address and undefined-behaviour sanitizers, and with "thread" as argument under the thread sanitizer.
set -e
folder=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-std=gnu11 -O1 -g -Wall -Wextra -Werror -fno-math-errno -fno-sanitize-recover=all"
if [ "$1" = thread ]; then flags="$flags -fsanitize=thread"; else flags="$flags -fsanitize=address,undefined"; fi
compiler=${CC:-cc}
case $(uname -m) in
  x86_64) sets="v2 v3 v4"; prefix=x86-64- ;;
  *) sets=plain; prefix= ;;
esac
for set in $sets; do
  march=$([ "$set" = plain ] && echo armv8-a || echo "$prefix$set")
  $compiler $flags -march="$march" -DKERNELS="kernels_$set" -c "$folder/kernels.c" -o "$work/$set.o"
done
$compiler $flags "$folder/context.c" "$folder/dispatch.c" "$folder/processor.c" "$folder/test/test-kernels.c" "$work"/*.o -o "$work/test" -lm -lpthread
$compiler $flags "$folder/processor.c" "$folder/test/test-processor.c" -o "$work/test-processor"
"$work/test-processor"
"$work/test"
