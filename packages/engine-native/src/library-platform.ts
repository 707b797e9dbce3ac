import { readFileSync } from "node:fs";

/**
 * The platform that a library has to be compiled for to load in this process, as it is spelled in `prebuilt`: system and processor in
 * Node's names, and `-musl` where the C library is musl's, as on Alpine.
 */
export function libraryPlatform(): string {
  return `${process.platform}-${process.arch}${process.platform === "linux" && usesMusl() ? "-musl" : ""}`;
}

/** Looks for musl among the files that this process has mapped; `process.report` would stop all its threads. */
function usesMusl(): boolean {
  try {
    return /\/ld-musl-[\w-]+\.so/.test(readFileSync("/proc/self/maps", "utf8"));
  } catch {
    return false;
  }
}
