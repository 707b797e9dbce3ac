import type { EngineState, InstalledVariant, KernelsState } from "@blockwise/engine/install";
import type { Command } from "commander";
import { onInterruption } from "./interruption.js";

interface InstallFlags {
  readonly gpu?: true;
  readonly from?: string;
  readonly force?: true;
}

/** `blockwise engine`: installs, removes and looks at TensorFlow, for the engines `node` and `node-gpu`. */
export function addEngineCommand(program: Command): void {
  const engine = program
    .command("engine")
    .description(
      "Install, remove or look at TensorFlow, which the engines node and node-gpu run on; no other needs it.",
    );

  engine
    .command("install")
    .description(
      "Put TensorFlow into the user's cache, build what connects it to Node, and check that it computes right.",
    )
    .option("--gpu", "TensorFlow with CUDA, for an NVIDIA GPU")
    .option(
      "--from <place>",
      "pypi (its wheel, by pip), official (the archive of TensorFlow.js's package), or a wheel, archive or folder",
      "pypi",
    )
    .option("--force", "install again what is there already")
    .action(async ({ gpu, from, force }: InstallFlags) => {
      const { installEngine } = await import("@blockwise/engine/install");
      const note = (message: string): void => console.error(message);
      const { changed, folder, manifest } = await installEngine({
        variant: variantOf(gpu),
        force: force === true,
        signal: onInterruption(() => note("stopping; what was there before stays")),
        onProgress: note,
        ...(from !== undefined && { from }),
      });
      const what = `TensorFlow ${manifest.tensorflow} with tfjs-node ${manifest.tfjsNode} in ${folder}`;
      console.log(changed ? `Installed: ${what}` : `Nothing to do: ${what} is there and works.`);
      console.log(
        `Use it with --engine ${engineName(manifest.variant)}; blockwise doctor says which one --engine auto takes.`,
      );
    });

  engine
    .command("remove")
    .description("Remove what install put there.")
    .option("--gpu", "the engine for GPUs")
    .action(async ({ gpu }: InstallFlags) => {
      const { removeEngine } = await import("@blockwise/engine/install");
      const variant = variantOf(gpu);
      const removed = await removeEngine(variant);
      console.log(
        removed
          ? `Removed the engine "${engineName(variant)}".`
          : `The engine "${engineName(variant)}" is not installed.`,
      );
    });

  engine
    .command("status")
    .description("Say what is installed, the native kernels included, and whether it works.")
    .option("--json", "one JSON object on standard output")
    .action(async ({ json }: { readonly json?: true }) => {
      const { engineState, kernelsState } = await import("@blockwise/engine/install");
      const states = { node: await engineState("cpu"), "node-gpu": await engineState("gpu") };
      const native = await kernelsState();
      if (json) console.log(JSON.stringify({ ...states, native }));
      else {
        for (const [name, state] of Object.entries(states)) console.log(describeState(name, state));
        console.log(describeKernels(native));
      }
    });
}

/** What `blockwise engine status` says of the native kernels. */
function describeKernels(state: KernelsState): string {
  if (!state.available) return `native: ${state.reason} (${state.howToGet})`;
  return `native: works\n  ${state.description}, version ${state.version}, in ${state.file}`;
}

/** What `blockwise engine status` says of an engine. */
function describeState(name: string, state: EngineState | null): string {
  if (state === null) {
    return `${name}: not installed (blockwise engine install${name === "node-gpu" ? " --gpu" : ""})`;
  }
  const { manifest, folder, bytes, failure } = state;
  const size = `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const lines = [
    `${name}: ${failure === null ? "works" : "does not work"}`,
    `  TensorFlow ${manifest.tensorflow}, tfjs-node ${manifest.tfjsNode}, from ${manifest.from}, ${size} in ${folder}`,
  ];
  return [...lines, ...(failure === null ? [] : [`  ${failure}`])].join("\n");
}

function variantOf(gpu: true | undefined): InstalledVariant {
  return gpu === true ? "gpu" : "cpu";
}

function engineName(variant: InstalledVariant): string {
  return variant === "gpu" ? "node-gpu" : "node";
}
