import { type Command, Option } from "commander";
import { createReporter } from "../progress/reporter.js";
import { requireRun } from "../run/run-folder.js";
import {
  addLocationOptions,
  addOutputOptions,
  type LocationFlags,
  locationsFromFlags,
  type OutputFlags,
  reporterMode,
} from "./common-options.js";
import { requireOutputFile } from "./output-file.js";

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
  addLocationOptions(addOutputOptions(command)).action(features);
}

async function features(run: string, images: string, flags: FeatureFlags): Promise<void> {
  await requireOutputFile(flags.out, [".safetensors"]);
  await requireRun(run);
  const reporter = createReporter(reporterMode(flags));
  // What takes a second to load waits until the options are known to be right.
  const { writeFeatures } = await import("../run/write-features.js");
  const { out, split, onCorrupt, block = null } = flags;
  const locations = locationsFromFlags(flags);
  const written = await writeFeatures({ run, images, out, split, onCorrupt, block, locations }, (message) =>
    reporter.report({ event: "note", message }),
  );
  reporter.end();
  if (flags.json) console.log(JSON.stringify({ event: "result", ...written, out }));
  else console.log(`${written.images} images, ${written.blocks.join(", ")}: ${out}`);
}
