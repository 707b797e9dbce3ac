import { createFeatureProbe, extractFeatures } from "@blockwise/core";
import { openDataset } from "@blockwise/data";
import { createEngine } from "@blockwise/engine";
import { writeSafetensors } from "@blockwise/safetensors";
import { InvalidOptionError } from "@blockwise/spec";
import { type Command, Option } from "commander";
import { readResolvedConfig } from "../config/load-config.js";
import { createReporter } from "../progress/reporter.js";
import { readInputRecord } from "../run/input-record.js";
import { decodeSizeOf } from "../run/open-data.js";
import { openNetwork } from "../run/open-network.js";
import { createPlugins } from "../run/plugins.js";
import { runFolder } from "../run/run-folder.js";
import { addOutputOptions, type OutputFlags, reporterMode } from "./common-options.js";

interface FeatureFlags extends OutputFlags {
  readonly out: string;
  readonly block?: string;
  readonly onCorrupt: "error" | "skip";
}

/** `blockwise features`: writes the features of a folder's images to a file. */
export function addFeaturesCommand(program: Command): void {
  const command = program
    .command("features")
    .description("Write the features of images to a safetensors file, one row an image.")
    .argument("<run>", "folder of a trained run")
    .argument("<images>", "a folder or tar of images, or a data set's name")
    .requiredOption("--out <file>", "the file to write, ending in .safetensors")
    .option("--block <name>", "only that block's features (default: all blocks)")
    .addOption(
      new Option("--on-corrupt <action>", "what to do about images that cannot be decoded")
        .choices(["error", "skip"])
        .default("error"),
    );
  addOutputOptions(command).action(writeFeatures);
}

async function writeFeatures(folder: string, images: string, flags: FeatureFlags): Promise<void> {
  if (!flags.out.endsWith(".safetensors")) {
    throw new InvalidOptionError({
      option: "out",
      expected: "a file name that ends in .safetensors",
      received: flags.out,
    });
  }
  const reporter = createReporter(reporterMode(flags));
  const note = (message: string): void => reporter.report({ event: "note", message });
  const config = await readResolvedConfig(runFolder(folder).config);
  const input = await readInputRecord(folder);
  const engine = await createEngine({ name: config.engine });
  note(`engine: ${engine.description}`);
  const plugins = createPlugins(config, input);
  const { train } = await openDataset(images, {
    digitsFrom: import.meta.url,
    images: {
      decodeSize: decodeSizeOf(config.data.imageSize),
      channels: input.channels,
      labels: "auto",
      onCorrupt: flags.onCorrupt,
    },
  });
  note(`data: ${train.description}`);
  const network = await openNetwork({ config, engine, data: input, plugins }, folder);
  const probe = createFeatureProbe({ network, head: plugins.head, seed: config.seed });
  const tables = await extractFeatures({ probe, source: train, augmentation: plugins.evaluationView });
  probe.dispose();
  network.dispose();
  const chosen = tables.filter(({ id }) => flags.block === undefined || id === flags.block);
  if (chosen.length === 0) {
    throw new InvalidOptionError({
      option: "block",
      expected: `one of ${tables.map(({ id }) => id).join(", ")}`,
      received: flags.block,
    });
  }
  await writeSafetensors(flags.out, {
    tensors: chosen.flatMap(({ id, raw, head }) => [
      [`${id}.raw`, { dtype: "F32" as const, shape: [train.size, raw.dim], data: raw.features }],
      [`${id}.head`, { dtype: "F32" as const, shape: [train.size, head.dim], data: head.features }],
    ]),
    metadata: { images, run: folder },
  });
  const widths = chosen.map(({ id, raw, head }) => `${id} ${raw.dim} raw, ${head.dim} head`).join("; ");
  if (!flags.json) console.log(`${train.size} images, ${widths}: ${flags.out}`);
}
