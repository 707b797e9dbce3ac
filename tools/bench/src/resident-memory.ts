import { readFileSync } from "node:fs";

/** What the process holds in memory, in bytes. */
export interface ResidentMemory {
  readonly nowBytes: number;
  /** The most that it ever held. */
  readonly peakBytes: number;
}

/**
 * Resident memory of this process. Where `/proc` tells, the peak is that of this program alone; elsewhere it is what the
 * system counts for the process, which a program inherits from the one that started it.
 */
export function readResidentMemory(): ResidentMemory {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    const bytes = (name: string): number =>
      1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
    return { nowBytes: bytes("VmRSS"), peakBytes: bytes("VmHWM") };
  } catch {
    return { nowBytes: process.memoryUsage.rss(), peakBytes: process.resourceUsage().maxRSS * 1024 };
  }
}
