import { featureFileEndings, featureRowsFile } from "@blockwise/feature-files";
import { InvalidOptionError } from "@blockwise/spec";
import { type Command, Option } from "commander";
import { createReporter } from "../progress/reporter.js";
import { requireRun } from "../run/run-folder.js";
import {
  addForceOption,
  addLocationOptions,
  addOutputOptions,
  type ForceFlags,
  type LocationFlags,
  locationsFromFlags,
  type OutputFlags,
  reporterMode,
} from "./common-options.js";
import { requireOutputFile } from "./output-file.js";

interface FeatureFlags extends OutputFlags, LocationFlags, ForceFlags {
  readonly out: string;
  readonly block?: string;
  readonly features?: "raw" | "head" | "both";
  readonly split: "train" | "test";
  readonly onCorrupt: "error" | "skip";
}

/** `blockwise features`: writes the features of a folder's images to a file. */
export function addFeaturesCommand(program: Command): void {
  const command = program
    .command("features")
    .description("Write the features of images to a file, one row an image: Parquet, safetensors or .npy.")
    .argument("<run>", "folder of a trained run")
    .argument("<images>", "a folder or tar of images, or a data set's name")
    .requiredOption("--out <file>", "the file to write, ending in .parquet, .safetensors or .npy")
    .option("--block <name>", "only that block's features (default: all blocks; in a .npy file the last)")
    .addOption(
      new Option(
        "--features <kind>",
        "the block's map, averaged (raw), what its head makes of it (head), or both (default; in a .npy file raw)",
      ).choices(["raw", "head", "both"]),
    )
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
  addLocationOptions(addForceOption(addOutputOptions(command))).action(features);
}

async function features(run: string, images: string, flags: FeatureFlags): Promise<void> {
  const force = flags.force ?? false;
  const ending = await requireOutputFile(flags.out, featureFileEndings, { force });
  const beside = featureRowsFile(flags.out);
  if (beside !== null) await requireOutputFile(beside, [".csv"], { force });
  if (ending === ".npy" && flags.features === "both") {
    throw new InvalidOptionError({
      option: "features",
      expected: "raw or head for a .npy file, which holds one table",
      received: flags.features,
    });
  }
  await requireRun(run);
  const reporter = createReporter(reporterMode(flags));
  // What takes a second to load waits until the options are known to be right.
  const { writeFeatures } = await import("../run/write-features.js");
  const { out, split, onCorrupt, block = null, features: kind = null } = flags;
  const locations = locationsFromFlags(flags);
  const request = { run, images, out, split, onCorrupt, block, features: kind, locations };
  const written = await writeFeatures(request, (message) => reporter.report({ event: "note", message }));
  reporter.end();
  if (flags.json) console.log(JSON.stringify({ event: "result", ...written, out }));
  else console.log(`${written.images} images, ${written.tables.join(", ")}: ${written.files.join(" and ")}`);
}
