import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { EngineInstallError } from "@blockwise/spec";
import { sharedTensorFlowJs } from "../installed/shared-tensorflow-js.js";
import { addonPackage } from "./fetch-packages.js";
import type { InstallContext } from "./install-context.js";
import { runProgram } from "./run-program.js";

/** What the check of an engine says when all is well. */
export interface CheckedEngine {
  /** TensorFlow's own word for its version. */
  readonly tensorflow: string;
  readonly gpu: boolean;
}

/**
 * Loads the engine in a folder in a process of its own, where a crash harms nothing, and holds a convolution and its two
 * gradients against known numbers.
 *
 * @throws EngineInstallError (`check`, `gpu`)
 */
export async function checkEngine(
  { variant, environment, signal, note }: Pick<InstallContext, "environment" | "note" | "signal" | "variant">,
  folder: string,
): Promise<CheckedEngine> {
  note("checking a convolution and its gradients");
  const here = createRequire(import.meta.url);
  const program = join(
    dirname(here.resolve("@blockwise/engine/package.json")),
    "install",
    "check-engine.mjs",
  );
  const request = {
    entry: join(folder, "node_modules", addonPackage, "dist", "index.js"),
    core: here.resolve("@tensorflow/tfjs-core"),
    layers: here.resolve("@tensorflow/tfjs-layers"),
    shared: sharedTensorFlowJs,
  };
  const result = await runProgram(process.execPath, [program, JSON.stringify(request)], {
    environment,
    signal,
  });
  const answer = readAnswer(result?.stdout ?? "");
  if (answer === null || result?.code !== 0) {
    throw new EngineInstallError(
      `TensorFlow was built, but does not run here (exit code ${result?.code}):\n${result?.lastLines ?? ""}`,
      { step: "check" },
    );
  }
  if (answer.wrong.length > 0) {
    throw new EngineInstallError(`TensorFlow computes something wrong here: ${answer.wrong.join("; ")}.`, {
      step: "check",
    });
  }
  if (variant === "gpu" && !answer.gpu) {
    throw new EngineInstallError(
      "TensorFlow runs, but sees no GPU: its driver is missing or too old for CUDA 12 (nvidia-smi says which it is). Without --gpu, it is installed for the processor.",
      { step: "gpu" },
    );
  }
  return answer;
}

function readAnswer(stdout: string): (CheckedEngine & { readonly wrong: readonly string[] }) | null {
  const line = stdout.split("\n").find((text) => text.startsWith('{"blockwiseCheck"'));
  if (line === undefined) return null;
  return (JSON.parse(line) as { blockwiseCheck: CheckedEngine & { wrong: readonly string[] } })
    .blockwiseCheck;
}
