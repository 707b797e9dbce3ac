import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { EngineUnavailableError } from "@blockwise/spec";
import type { Workload } from "./models.js";

/** What `torch/step.py` prints. */
export interface TorchResult {
  readonly pairsPerSecond: number;
  readonly stepMsMedian: number;
  readonly peakMemoryBytes: number;
  readonly threads: number;
  readonly version: string;
}

/**
 * Times the same work in PyTorch, in a process of its own.
 *
 * @throws EngineUnavailableError when there is no Python with PyTorch.
 */
export function timeTorch(workload: Workload, steps: number, threads: number): TorchResult {
  const script = fileURLToPath(new URL("../torch/step.py", import.meta.url));
  const { model, mode, batch, size } = workload;
  const run = spawnSync(
    process.env.PYTHON ?? "python3",
    [script, model, mode, batch, size, steps, threads].map(String),
    {
      encoding: "utf8",
    },
  );
  if (run.status !== 0) {
    throw new EngineUnavailableError(
      `PyTorch cannot be timed: python3 with torch and torchvision is needed (name another Python in the variable PYTHON).\n${run.stderr ?? run.error?.message}`,
      { engine: "torch" },
    );
  }
  return JSON.parse(run.stdout) as TorchResult;
}
