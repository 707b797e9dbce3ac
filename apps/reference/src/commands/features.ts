import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { createFeatureProbe, extractFeatures } from "@blockwise/core";
import { openDataset } from "@blockwise/data";
import { createEngine } from "@blockwise/engine";
import { type SafetensorsEntry, writeSafetensors } from "@blockwise/safetensors";
import { type DataSourceV1, InvalidOptionError } from "@blockwise/spec";
import { type Command, Option } from "commander";
import { readResolvedConfig } from "../config/load-config.js";
import { createReporter } from "../progress/reporter.js";
import { readInputRecord } from "../run/input-record.js";
import { decodeSizeOf, downloadOptions } from "../run/open-data.js";
import { openNetwork } from "../run/open-network.js";
import { createPlugins } from "../run/plugins.js";
import { requireRun, runFolder } from "../run/run-folder.js";
import {
  addLocationOptions,
  addOutputOptions,
  type LocationFlags,
  locationsFromFlags,
  type OutputFlags,
  reporterMode,
} from "./common-options.js";

interface FeatureFlags extends OutputFlags, LocationFlags {
  readonly out: string;
  readonly block?: string;
  readonly split: "train" | "test";
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
      new Option(
        "--split <name>",
        "which images, where there are folders or a data set for training and test",
      )
        .choices(["train", "test"])
        .default("train"),
    )
    .addOption(
      new Option("--on-corrupt <action>", "what to do about images that cannot be decoded")
        .choices(["error", "skip"])
        .default("error"),
    );
  addLocationOptions(addOutputOptions(command)).action(writeFeatures);
}

async function writeFeatures(folder: string, images: string, flags: FeatureFlags): Promise<void> {
  await requireOutput(flags.out);
  await requireRun(folder);
  const reporter = createReporter(reporterMode(flags));
  const note = (message: string): void => reporter.report({ event: "note", message });
  const config = await readResolvedConfig(runFolder(folder).config);
  const input = await readInputRecord(folder);
  const engine = await createEngine({ name: config.engine });
  note(`engine: ${engine.description}`);
  const plugins = createPlugins(config, input);
  const source = await openImages(images, flags, {
    decodeSize: decodeSizeOf(config.data.imageSize),
    channels: input.channels,
  });
  note(`data: ${source.description}`);
  const network = await openNetwork({ config, engine, data: input, plugins }, folder);
  const probe = createFeatureProbe({ network, head: plugins.head, seed: config.seed });
  const blocks = chooseBlocks(
    probe.depths.map(({ id }) => id),
    flags.block,
  );
  const tables = await extractFeatures({ probe, source, augmentation: plugins.evaluationView });
  probe.dispose();
  network.dispose();
  const chosen = tables.filter(({ id }) => blocks.includes(id));
  const { size, labels, classNames } = source;
  await writeSafetensors(flags.out, {
    tensors: [
      ...chosen.flatMap(({ id, raw, head }): [string, SafetensorsEntry][] => [
        [`${id}.raw`, { dtype: "F32", shape: [size, raw.dim], data: raw.features }],
        [`${id}.head`, { dtype: "F32", shape: [size, head.dim], data: head.features }],
      ]),
      ...(labels === null
        ? []
        : [["labels", { dtype: "I32", shape: [size], data: labels.slice() }] as [string, SafetensorsEntry]]),
    ],
    metadata: {
      images,
      run: folder,
      split: flags.split,
      skipped: JSON.stringify(source.options.skipped ?? []),
      ...(classNames === null ? {} : { classNames: JSON.stringify(classNames) }),
    },
  });
  reporter.end();
  const widths = chosen.map(({ id, raw, head }) => `${id} ${raw.dim} raw, ${head.dim} head`).join("; ");
  if (flags.json) console.log(JSON.stringify({ event: "result", images: size, blocks, out: flags.out }));
  else console.log(`${size} images, ${widths}: ${flags.out}`);
}

/** Its mistakes show before the long work. */
async function requireOutput(out: string): Promise<void> {
  if (!out.endsWith(".safetensors")) {
    throw new InvalidOptionError({
      option: "out",
      expected: "a file name that ends in .safetensors",
      received: out,
    });
  }
  const folder = await stat(dirname(out)).catch(() => null);
  if (folder?.isDirectory()) return;
  throw new InvalidOptionError({
    option: "out",
    expected: "a file in a folder that is there",
    received: out,
    hint: `Make the folder ${dirname(out)} first, or choose another place.`,
  });
}

async function openImages(
  images: string,
  { split, onCorrupt, ...locations }: FeatureFlags,
  options: { readonly decodeSize: number; readonly channels: 1 | 3 },
): Promise<DataSourceV1> {
  const dataset = await openDataset(images, {
    ...downloadOptions(locationsFromFlags(locations)),
    digitsFrom: import.meta.url,
    images: { ...options, onCorrupt, labels: "auto", allowEmptyClasses: true },
  });
  const source = dataset[split];
  if (source !== null) return source;
  throw new InvalidOptionError({
    option: "split",
    expected: `"train", since "${images}" has no test split`,
    received: split,
  });
}

function chooseBlocks(ids: readonly string[], block: string | undefined): readonly string[] {
  if (block === undefined) return ids;
  if (ids.includes(block)) return [block];
  throw new InvalidOptionError({ option: "block", expected: `one of ${ids.join(", ")}`, received: block });
}
