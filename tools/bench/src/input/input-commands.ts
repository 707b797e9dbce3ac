import { InvalidOptionError } from "@blockwise/spec";
import { type Command, Option } from "commander";
import { findPythons } from "../compare/python-environment.js";
import { type AugmentWork, augmentTable, compareAugment } from "./compare-augment.js";
import { timeTorchvision } from "./compare-torchvision.js";
import { repeatImages } from "./repeat-images.js";
import { type InputSpeed, timeInput } from "./time-input.js";

interface InputFlags {
  readonly data: readonly string[];
  readonly size: number;
  readonly batch: number;
  readonly workers: readonly number[];
  readonly count: number;
  readonly rounds: number;
  readonly compare?: "torchvision";
  readonly json?: true;
}

interface AugmentFlags extends AugmentWork {
  readonly compare?: "torchvision";
  readonly python: readonly string[];
  readonly json?: true;
}

/** Adds the commands that make images to read and time the reading of them. */
export function addInputCommands(
  program: Command,
  wholeNumber: (option: string) => (text: string) => number,
): void {
  program
    .command("images")
    .description("Repeat images in class folders into a larger folder and into tar shards.")
    .requiredOption("--from <path>", "a tar archive or a folder of images in class folders")
    .requiredOption("--out <folder>", "gets folder/ and shards/")
    .option("--count <images>", "images in each", wholeNumber("count"), 3000)
    .option("--per-shard <images>", "images in a shard", wholeNumber("perShard"), 500)
    .action(repeatImages);
  program
    .command("input")
    .description("Time reading, decoding and augmenting of images as the paper does.")
    .requiredOption("--data <path...>", "folders of images in class folders, or of shards")
    .option("--size <pixels>", "height and width of the views", wholeNumber("size"), 224)
    .option("--batch <images>", "images a batch", wholeNumber("batch"), 16)
    .option("--workers <counts>", "threads: 1,2", numbers(wholeNumber("workers")), [1, 2])
    .option("--count <images>", "images timed", wholeNumber("count"), 320)
    .option("--rounds <rounds>", "takes the median of so many", wholeNumber("rounds"), 3)
    .addOption(
      new Option("--compare <peer>", "time the first path elsewhere, in turn").choices(["torchvision"]),
    )
    .option("--json", "print one JSON object a line")
    .action(timeAll);
  program
    .command("augment")
    .description("Make the paper's two views on one core, beside torchvision in turn.")
    .option("--data <path>", "images in class folders, decoded each time; else noise in memory", undefined)
    .option("--size <pixels>", "height and width of the views", wholeNumber("size"), 32)
    .option("--batch <images>", "images a batch", wholeNumber("batch"), 32)
    .option("--count <images>", "images a side in each round", wholeNumber("count"), 1024)
    .option("--rounds <rounds>", "takes the median of so many", wholeNumber("rounds"), 3)
    .addOption(new Option("--compare <peer>", "time the same elsewhere, in turn").choices(["torchvision"]))
    .option("--python <paths...>", "Pythons with torchvision, as of --compare torch", [])
    .option("--json", "print one JSON object")
    .action(async ({ data = null, size, batch, count, rounds, compare, python, json }: AugmentFlags) => {
      const pythons = compare === undefined ? [] : findPythons(python, (line) => console.error(line));
      const result = await compareAugment({ data, size, batch, count, rounds }, pythons);
      console.log(json ? JSON.stringify(result) : augmentTable(result));
    });
}

async function timeAll(flags: InputFlags): Promise<void> {
  const { size, batch, count, rounds, json } = flags;
  for (const workers of flags.workers) {
    const speeds = new Map<string, InputSpeed[]>();
    const add = (name: string, speed: InputSpeed): void => {
      speeds.set(name, [...(speeds.get(name) ?? []), speed]);
    };
    for (let round = 0; round < rounds; round++) {
      for (const data of flags.data) add(data, await timeInput({ data, size, batch, workers, count }));
      const [data = ""] = flags.data;
      if (flags.compare !== undefined) {
        add("torchvision", timeTorchvision({ data, size, batch, workers, count }));
      }
    }
    for (const [name, measured] of speeds) {
      const result = {
        input: name,
        size,
        workers,
        imagesPerSecond: median(measured.map(({ imagesPerSecond }) => imagesPerSecond)),
        imagesPerCpuSecond: median(measured.map(({ imagesPerCpuSecond }) => imagesPerCpuSecond)),
      };
      console.log(json ? JSON.stringify(result) : describe(result));
    }
  }
}

function describe(result: InputSpeed & { readonly input: string; readonly workers: number }): string {
  const { input, workers, imagesPerSecond, imagesPerCpuSecond } = result;
  return (
    `${workers} ${workers === 1 ? "worker" : "workers"}, ${input}: ${imagesPerSecond.toFixed(1)} images/s, ` +
    `${imagesPerCpuSecond.toFixed(1)} a second of processor time`
  );
}

function numbers(parse: (text: string) => number): (text: string) => readonly number[] {
  return (text) => text.split(",").map(parse);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) {
    throw new InvalidOptionError({ option: "rounds", expected: "a whole number above 0", received: 0 });
  }
  return middle;
}
