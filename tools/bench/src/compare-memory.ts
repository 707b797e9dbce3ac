import { spawnSync } from "node:child_process";
import type { MemoryResult } from "./measure-memory.js";
import type { Workload } from "./models.js";

/** A mode that could not be measured, most often because it does not fit. */
export interface MemoryFailure {
  readonly mode: Workload["mode"];
  /** What the process wrote. */
  readonly failure: string;
}

/**
 * Measures a workload in both modes, each in a process of its own, since what a process once held cannot be told apart.
 */
export function measureBothModes(
  workload: Workload,
  engine: string,
): readonly (MemoryFailure | MemoryResult)[] {
  return (["blockwise", "end-to-end"] as const).map((mode) => {
    const { model, batch, size, projector, chunkBytes } = workload;
    const options = { model, mode, batch, size, engine, projector, "chunk-bytes": chunkBytes };
    const flags = Object.entries(options).flatMap(([name, value]) =>
      value === null || (value === "auto" && name === "chunk-bytes") ? [] : [`--${name}`, String(value)],
    );
    const script = process.argv[1] as string;
    const run = spawnSync(process.execPath, [script, "--memory", "--json", ...flags], { encoding: "utf8" });
    if (run.status !== 0) return { mode, failure: run.error?.message ?? run.stderr.trim() };
    return JSON.parse(run.stdout) as MemoryResult;
  });
}

/** A table for people, in MiB. */
export function memoryTable(results: readonly (MemoryFailure | MemoryResult)[]): string {
  const lines = results.flatMap((result) => {
    if ("failure" in result) return [`${result.mode}: ${result.failure}`];
    const { model, mode, batch, size } = result;
    const peaks = [
      `${mebibytes(result.peakTensorBytes)} of tensors at most`,
      `${mebibytes(result.restingTensorBytes)} between steps`,
      `${mebibytes(result.peakMemoryBytes)} resident at most`,
    ];
    return [
      `${model} ${mode}, batch ${batch}, ${size} px: ${peaks.join(", ")} (MiB)`,
      row(["block", "peak", "state", "units", "head", "projector"]),
      ...result.blocks.map(({ id, peakTensorBytes, stateBytes, activationBytes }) => {
        const { backbone, head, projector } = activationBytes;
        return row([id, ...[peakTensorBytes, stateBytes, backbone, head, projector].map(mebibytes)]);
      }),
    ];
  });
  return lines.join("\n");
}

function row([id = "", ...figures]: readonly string[]): string {
  return id.padEnd(12) + figures.map((figure) => figure.padStart(11)).join("");
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
