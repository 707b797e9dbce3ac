#!/usr/bin/env node
import { availableParallelism } from "node:os";
import { createEngine, type EngineName } from "@blockwise/engine";
import { BlockwiseError, type EngineV1, InvalidOptionError } from "@blockwise/spec";
import { Command, Option } from "commander";
import { addBlockWorkersCommand } from "./block-workers/block-workers-command.js";
import { compareTorch } from "./compare/compare-torch.js";
import { compareTorchMemory, torchMemoryTable } from "./compare/compare-torch-memory.js";
import { comparisonTable } from "./compare/comparison-table.js";
import { findPythons } from "./compare/python-environment.js";
import { serveSteps } from "./compare/serve-steps.js";
import { measureBothModes, memoryTable } from "./compare-memory.js";
import { addInputCommands } from "./input/input-commands.js";
import { profileKernels } from "./kernel-profile.js";
import { measureMemory } from "./measure-memory.js";
import { type ModelName, models, type Workload } from "./models.js";
import { measureScaling, scalingTable } from "./scaling/scaling.js";
import { describeSoak, soak } from "./soak/soak.js";
import { type MetersCost, timeMeters } from "./time-meters.js";
import { type BenchResult, timeSteps } from "./time-steps.js";

interface WorkloadOptions extends Pick<Workload, "batch" | "mode" | "model" | "size"> {
  readonly projector?: number;
  readonly chunkBytes?: number;
  readonly engine: EngineName;
  readonly threads: number;
}

interface StepsOptions extends WorkloadOptions {
  readonly steps: number;
  readonly json?: true;
}

interface BenchOptions extends StepsOptions {
  readonly profile?: true;
  readonly memory?: true;
  readonly meters?: true;
  readonly compare?: "torch";
  readonly python: readonly string[];
  readonly blockWorkers?: number;
  readonly rounds: number;
}

const program = new Command("bench")
  .enablePositionalOptions()
  .description("Times full training steps on random images.");
addWorkload(program)
  .option("--steps <count>", "steps timed, after two to warm up", wholeNumber("steps"), 5)
  .option("--json", "print one JSON object")
  .option("--memory", "measure memory instead: blockwise and end to end, or with --json the --mode alone")
  .option("--meters", "say what measuring the health of all blocks costs instead")
  .option("--profile", "say where the time of one more step goes, by kernel")
  .addOption(new Option("--compare <peer>", "time the same work elsewhere, in turn").choices(["torch"]))
  .option("--python <paths...>", "Pythons with torch; else PYTHON, else one is made in the cache folder", [])
  .option(
    "--block-workers <threads>",
    "threads that our blocks learn in, with --compare",
    wholeNumber("block-workers"),
  )
  .option("--rounds <count>", "times each side takes its turn", wholeNumber("rounds"), 3)
  .action(async (options: BenchOptions) => {
    const workload = workloadOf(options);
    if (options.memory && options.compare === undefined) return printMemory(workload, options);
    if (options.compare !== undefined) return printComparison(workload, options);
    const engine = await makeEngine(options);
    if (options.meters) return printMeters(timeMeters(workload, engine, options.steps), options);
    printSteps(timeSteps(workload, engine, options.steps), engine, options);
    if (options.profile) printProfile(workload, engine);
  });
addWorkload(program.command("serve", { hidden: true }))
  .description("Time steps when told so on standard input: our side of --compare.")
  .option("--block-workers <threads>", "threads that blocks learn in", Number, 0)
  .action(async (options: WorkloadOptions & { readonly blockWorkers: number }) =>
    serveSteps(workloadOf(options), await makeEngine(options), options.blockWorkers),
  );
addWorkload(program.command("scaling"))
  .description("Time steps over batches, widths of the network, numbers of blocks and threads for blocks.")
  .option("--steps <count>", "steps timed, after two to warm up", wholeNumber("steps"), 3)
  .option("--json", "print one JSON object")
  .action(async (options: StepsOptions) => {
    const { steps, json } = options;
    const series = await measureScaling(workloadOf(options), await makeEngine(options), steps);
    console.log(json ? JSON.stringify({ ...workloadOf(options), steps, series }) : scalingTable(series));
  });
addWorkload(program.command("soak"))
  .description("Take many steps and judge whether resident memory stays flat; fails where it does not.")
  .option("--steps <count>", "steps", wholeNumber("steps"), 2000)
  .option("--json", "print one JSON object")
  .action(async (options: StepsOptions) => {
    const result = soak(workloadOf(options), await makeEngine(options), options.steps);
    console.log(options.json ? JSON.stringify(result) : describeSoak(result));
    if (!result.isFlat) process.exitCode = 1;
  });
addInputCommands(program, wholeNumber);
addBlockWorkersCommand<WorkloadOptions>(program, addWorkload, workloadOf, wholeNumber);

/** The options that say what is timed. */
function addWorkload(command: Command): Command {
  return command
    .addOption(
      new Option("--model <name>", "network").choices(Object.keys(models) as ModelName[]).default("r18w16"),
    )
    .addOption(new Option("--mode <mode>").choices(["blockwise", "end-to-end"]).default("blockwise"))
    .option("--batch <images>", "images a step", wholeNumber("batch"), 128)
    .option("--size <pixels>", "height and width of the images", wholeNumber("size"), 32)
    .addOption(
      new Option("--engine <name>")
        .choices(["auto", "native", "wasm", "cpu", "node", "node-gpu", "webgpu"])
        .default("auto"),
    )
    .option(
      "--projector <width>",
      "width of the projector's layers, instead of the model's",
      wholeNumber("projector"),
    )
    .option(
      "--chunk-bytes <bytes>",
      "how much of a head's expanded map is held at a time",
      wholeNumber("chunk-bytes"),
    )
    .option(
      "--threads <count>",
      "threads of the native engine and of a peer",
      wholeNumber("threads"),
      availableParallelism(),
    );
}

function makeEngine({ engine: name, threads }: WorkloadOptions): Promise<EngineV1> {
  return createEngine({ name, threads });
}

function workloadOf({ model, mode, batch, size, projector, chunkBytes }: WorkloadOptions): Workload {
  return { model, mode, batch, size, projector: projector ?? null, chunkBytes: chunkBytes ?? "auto" };
}

function printSteps(result: BenchResult, engine: EngineV1, { json }: BenchOptions): void {
  if (json) {
    console.log(JSON.stringify(result));
    return;
  }
  const { model, mode, batch, size, pairsPerSecond, stepMsMedian, gflopsPerSecond, peakMemoryBytes } = result;
  console.log(`${model} ${mode}, batch ${batch}, ${size} px, ${engine.description}`);
  console.log(
    `${pairsPerSecond.toFixed(1)} pairs/s, ${stepMsMedian.toFixed(0)} ms a step, ` +
      `${gflopsPerSecond.toFixed(1)} GFLOP/s, peak ${(peakMemoryBytes / 2 ** 20).toFixed(0)} MiB`,
  );
}

async function printComparison(workload: Workload, options: BenchOptions): Promise<void> {
  const { engine: name, chunkBytes, blockWorkers, mode, steps, rounds, threads, json } = options;
  const note = (line: string): void => console.error(line);
  const pythons = findPythons(options.python, note);
  const ourWords = [process.argv[1] as string, "serve", "--engine", name, "--mode", mode];
  ourWords.push("--threads", String(threads));
  if (chunkBytes !== undefined) ourWords.push("--chunk-bytes", String(chunkBytes));
  if (blockWorkers !== undefined) ourWords.push("--block-workers", String(blockWorkers));
  const sides = { threads, pythons, ourWords };
  if (options.memory) {
    const memory = await compareTorchMemory(workload, sides);
    console.log(json ? JSON.stringify(memory) : torchMemoryTable(memory));
  } else {
    const comparison = await compareTorch(workload, { steps, rounds, ...sides }, note);
    console.log(json ? JSON.stringify(comparison) : comparisonTable(comparison));
  }
}

async function printMemory(workload: Workload, { engine: name, json }: BenchOptions): Promise<void> {
  if (json) console.log(JSON.stringify(await measureMemory(workload, await createEngine({ name }))));
  else console.log(memoryTable(measureBothModes(workload, name)));
}

function printMeters(cost: MetersCost, { json }: BenchOptions): void {
  if (json) console.log(JSON.stringify(cost));
  else
    console.log(
      `${cost.stepMsMedian.toFixed(0)} ms a step, ${cost.extraMsMedian.toFixed(0)} ms more where health is measured: ` +
        `${(100 * cost.share).toFixed(2)} % of the time at one in ${cost.everySteps} steps`,
    );
}

function printProfile(workload: Workload, engine: EngineV1): void {
  const times = profileKernels(() => {
    timeSteps(workload, engine, 1);
  });
  const total = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  for (const { kernel, milliseconds, calls } of times.slice(0, 20)) {
    const share = ((100 * milliseconds) / total).toFixed(1);
    console.error(
      `${kernel.padEnd(28)} ${milliseconds.toFixed(0).padStart(7)} ms ${share.padStart(5)} % ${calls} calls`,
    );
  }
}

function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw new InvalidOptionError({ option, expected: "a whole number above 0", received: text });
  };
}

try {
  await program.parseAsync();
} catch (error) {
  if (!BlockwiseError.isInstance(error)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 2;
}
