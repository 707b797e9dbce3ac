import { InvalidOptionError } from "@blockwise/spec";
import type { Command } from "commander";
import { mergeConfigs, type PartialConfig } from "../config/load-config.js";
import { isRun } from "../run/run-folder.js";
import { parseNormalization } from "../run/stated-normalization.js";
import { commandLine } from "./command-line.js";
import {
  addConfigOptions,
  addOutputOptions,
  type ConfigFlags,
  configRequest,
  type OutputFlags,
} from "./common-options.js";

interface ImportFlags extends ConfigFlags, OutputFlags {
  readonly out: string;
  readonly prefix?: string;
  readonly opaque?: readonly string[];
  readonly projectors?: true;
  readonly normalization?: ReturnType<typeof parseNormalization>;
}

/** How many names a message lists. */
const listed = 5;

/** `blockwise import`: makes a run of weights from elsewhere. */
export function addImportCommand(program: Command): void {
  const command = program
    .command("import")
    .description("Make a run of a ResNet's weights from PyTorch, to evaluate it or write its features.")
    .argument("<weights>", "a .pth or .safetensors file with torchvision's names, also nested and prefixed")
    .requiredOption("--out <folder>", "where the run keeps its files")
    .option("--prefix <text>", "what stands before the backbone's names, where the file holds several")
    .option("--opaque <names...>", "Python classes in a .pth file to read past; nothing is run either way")
    .option(
      "--normalization <numbers>",
      "what the weights' images were normalised by: imagenet (default), cifar-10, half, none, or means/deviations as 0.5,0.5,0.5/0.25,0.25,0.25",
      parseNormalization,
    )
    .option("--projectors", "take projectors too, which only training has a use for");
  addConfigOptions(addOutputOptions(command)).action(importWeights);
}

async function importWeights(weights: string, flags: ImportFlags): Promise<void> {
  const { out, prefix = null, opaque = [], projectors = false, normalization } = flags;
  const config = configRequest(flags);
  const stated = normalization === undefined ? {} : { data: { normalization } };
  if (await isRun(out)) {
    throw new InvalidOptionError({
      option: "out",
      expected: "a folder without a run in it",
      received: out,
      hint: "Choose another folder.",
    });
  }
  // What takes a second to load waits until the options are known to be right.
  const { importRun } = await import("../weights/import-run.js");
  const record = await importRun({
    weights,
    out,
    prefix,
    opaque,
    projectors,
    config: { ...config, flags: mergeConfigs(config.flags, stated) as PartialConfig },
  });
  if (flags.json) {
    console.log(JSON.stringify({ event: "result", ...record, out }));
    return;
  }
  const { taken, unused, missing } = record;
  const lines = [
    `${taken} tensors from ${record.weights}${record.prefix === "" ? "" : ` (${record.prefix}…)`}: ${out}`,
    ...(unused.length === 0 ? [] : [`left out: ${shorten(unused)}`]),
    ...(missing.length === 0 ? [] : [`random, for want of weights: ${shorten(missing)}`]),
    `Next: ${commandLine(["evaluate", out])}`,
  ];
  console.log((flags.quiet ? lines.slice(0, 1) : lines).join("\n"));
}

function shorten(names: readonly string[]): string {
  const more = names.length > listed ? `, and ${names.length - listed} more (all in imported.json)` : "";
  return names.slice(0, listed).join(", ") + more;
}
