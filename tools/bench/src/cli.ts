#!/usr/bin/env node
import { createEngine, type EngineName } from "@blockwise/engine";
import { BlockwiseError, InvalidOptionError } from "@blockwise/spec";
import { Command, Option } from "commander";
import { measureBothModes, memoryTable } from "./compare-memory.js";
import { timeTorch } from "./compare-torch.js";
import { addInputCommands } from "./input/input-commands.js";
import { profileKernels } from "./kernel-profile.js";
import { measureMemory } from "./measure-memory.js";
import { type ModelName, models, type Workload } from "./models.js";
import { type MetersCost, timeMeters } from "./time-meters.js";
import { timeSteps } from "./time-steps.js";

interface BenchOptions extends Pick<Workload, "batch" | "mode" | "model" | "size"> {
  readonly projector?: number;
  readonly chunkBytes?: number;
  readonly engine: EngineName;
  readonly steps: number;
  readonly json?: true;
  readonly profile?: true;
  readonly memory?: true;
  readonly meters?: true;
  readonly compare?: "torch";
}

const program = new Command("bench")
  .enablePositionalOptions()
  .description("Times full training steps on random images.")
  .addOption(
    new Option("--model <name>", "network").choices(Object.keys(models) as ModelName[]).default("r18w16"),
  )
  .addOption(new Option("--mode <mode>").choices(["blockwise", "end-to-end"]).default("blockwise"))
  .option("--batch <images>", "images a step", wholeNumber("batch"), 128)
  .option("--size <pixels>", "height and width of the images", wholeNumber("size"), 32)
  .addOption(
    new Option("--engine <name>")
      .choices(["auto", "wasm", "cpu", "node", "node-gpu", "webgpu"])
      .default("auto"),
  )
  .option("--steps <count>", "steps timed, after two to warm up", wholeNumber("steps"), 5)
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
  .option("--json", "print one JSON object")
  .option("--memory", "measure memory instead: blockwise and end to end, or with --json the --mode alone")
  .option("--meters", "say what measuring the health of all blocks costs instead")
  .option("--profile", "say where the time of one more step goes, by kernel")
  .addOption(new Option("--compare <peer>", "time the same work elsewhere, on one core").choices(["torch"]))
  .action(async (options: BenchOptions) => {
    const { model, mode, batch, size, steps } = options;
    const { projector = null, chunkBytes = "auto" } = options;
    const workload: Workload = { model, mode, batch, size, projector, chunkBytes };
    if (options.memory) return printMemory(workload, options);
    if (options.compare !== undefined && projector !== null) {
      throw new InvalidOptionError({
        option: "projector",
        expected: "absent with --compare",
        received: projector,
      });
    }
    const engine = await createEngine({ name: options.engine });
    if (options.meters) return printMeters(timeMeters(workload, engine, steps), options);
    const peer = options.compare === undefined ? null : timeTorch(workload, steps, 1);
    const result = timeSteps(workload, engine, steps);
    const ratio = peer === null ? null : result.pairsPerSecond / peer.pairsPerSecond;
    if (options.json) {
      console.log(JSON.stringify(peer === null ? result : { ...result, torch: peer, ratio }));
    } else {
      console.log(`${model} ${mode}, batch ${batch}, ${size} px, ${engine.description}`);
      console.log(
        `${result.pairsPerSecond.toFixed(1)} pairs/s, ${result.stepMsMedian.toFixed(0)} ms a step, ` +
          `${result.gflopsPerSecond.toFixed(1)} GFLOP/s, peak ${(result.peakMemoryBytes / 2 ** 20).toFixed(0)} MiB`,
      );
      if (peer !== null) {
        console.log(
          `torch ${peer.version}, 1 thread: ${peer.pairsPerSecond.toFixed(1)} pairs/s, peak ` +
            `${(peer.peakMemoryBytes / 2 ** 20).toFixed(0)} MiB; ours is ${ratio?.toFixed(2)}x`,
        );
      }
    }
    if (options.profile) printProfile(workload, engine);
  });

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

function printProfile(workload: Workload, engine: Awaited<ReturnType<typeof createEngine>>): void {
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

addInputCommands(program, wholeNumber);

try {
  await program.parseAsync();
} catch (error) {
  if (!BlockwiseError.isInstance(error)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 2;
}
