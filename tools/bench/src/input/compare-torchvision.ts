import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { EngineUnavailableError } from "@blockwise/spec";
import type { InputSpeed, InputWorkload } from "./time-input.js";

/** What `torch/input.py` prints. */
export interface TorchvisionSpeed extends InputSpeed {
  readonly version: string;
}

/**
 * Times the same files and augmentations with Pillow and torchvision, in processes of their own.
 *
 * @throws EngineUnavailableError when there is no Python with torchvision.
 */
export function timeTorchvision({ data, size, batch, workers, count }: InputWorkload): TorchvisionSpeed {
  const script = fileURLToPath(new URL("../torch/input.py", import.meta.url));
  const words = [script, data, size, batch, workers, count].map(String);
  const run = spawnSync(process.env.PYTHON ?? "python3", words, { encoding: "utf8" });
  if (run.status === 0) return JSON.parse(run.stdout) as TorchvisionSpeed;
  throw new EngineUnavailableError(
    `torchvision cannot be timed: python3 with torch and torchvision is needed (name another Python in the variable PYTHON).\n${run.stderr ?? run.error?.message}`,
    { engine: "torchvision" },
  );
}
