import type { Workload } from "../models.js";
import { listSides, type SideName, type SidesPlan } from "./sides.js";
import type { StepsReady } from "./step-protocol.js";

/** What one side holds while it takes two steps. */
export interface MemorySide {
  readonly side: SideName;
  readonly description: string;
  /** Resident before the first step: program, network and images, in bytes. */
  readonly beforeBytes: number;
  /** Resident at most, in bytes. */
  readonly peakBytes: number;
  /** What steps take beyond what is there before the first one, in bytes. */
  readonly stepBytes: number;
}

/** What `--memory --compare torch --json` prints. */
export interface TorchMemory extends Workload {
  /** Ours first. */
  readonly sides: readonly MemorySide[];
}

/**
 * Measures ours and PyTorch's orders one after the other, each alone in a process of its own, so that large ones fit;
 * PyTorch in its usual memory layout, without a trial.
 *
 * @throws EngineUnavailableError when a process cannot do its steps.
 */
export async function compareTorchMemory(workload: Workload, plan: SidesPlan): Promise<TorchMemory> {
  const sides: MemorySide[] = [];
  for (const { side, start } of listSides(workload, { ...plan, layout: "contiguous" })) {
    const process = start();
    try {
      const { description, memory } = await process.ask<StepsReady>(null);
      const { beforeBytes, peakBytes } = memory;
      sides.push({ side, description, beforeBytes, peakBytes, stepBytes: peakBytes - beforeBytes });
    } finally {
      await process.close();
    }
  }
  return { ...workload, sides };
}

/** A table for people, in MiB. */
export function torchMemoryTable({ model, mode, batch, size, sides }: TorchMemory): string {
  const [ours] = sides;
  return [
    `${model} ${mode}, batch ${batch}, ${size} px; resident at most, of that before the first step (MiB), and ours over it`,
    ...sides.map(({ side, description, beforeBytes, peakBytes, stepBytes }) => {
      const ratios = `${share(ours?.peakBytes, peakBytes)}, steps alone ${share(ours?.stepBytes, stepBytes)}`;
      return `${side === "ours" ? `ours: ${description}` : description}: ${mebibytes(peakBytes)}, ${mebibytes(beforeBytes)}; ${ratios}`;
    }),
  ].join("\n");
}

function share(ours: number | undefined, theirs: number): string {
  return ((ours ?? Number.NaN) / theirs).toFixed(2);
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
