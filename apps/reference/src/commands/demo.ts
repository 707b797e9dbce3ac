import { InvalidOptionError } from "@blockwise/spec";
import { type Command, Option } from "commander";
import { requireRun } from "../run/run-folder.js";
import {
  addForceOption,
  addLocationOptions,
  addOutputOptions,
  type ForceFlags,
  type LocationFlags,
  locationsFromFlags,
  type OutputFlags,
} from "./common-options.js";
import { requireFreeFolder } from "./output-file.js";

interface DemoFlags extends OutputFlags, LocationFlags, ForceFlags {
  readonly out: string;
  readonly gallery: string;
  readonly about?: string;
  readonly credit?: string;
}

/** Images on the page that can be tried without one at hand. */
const sampleCount = 10;

/** `blockwise demo`: makes a page that shows nearest neighbours by block in the browser. */
export function addDemoCommand(program: Command): void {
  const command = program
    .command("demo")
    .description("Make a static page that shows the nearest neighbours of an image by every block.")
    .argument("<run>", "folder of a trained run")
    .argument("<images>", "a folder or tar of images to compare with, or a data set's name")
    .requiredOption("--out <folder>", "where to put the page, for any web server")
    .addOption(
      new Option("--gallery <count>", "how many of the images to compare with, at most").default(
        "400",
        "400",
      ),
    )
    .option("--about <text>", "what the page says of the network")
    .option("--credit <text>", "what it says of the images: whose they are, under which licence");
  addLocationOptions(addForceOption(addOutputOptions(command))).action(demo);
}

async function demo(run: string, images: string, flags: DemoFlags): Promise<void> {
  const { out, about = null, credit = null } = flags;
  const gallerySize = Number(flags.gallery);
  if (!Number.isSafeInteger(gallerySize) || gallerySize < 1) {
    throw new InvalidOptionError({
      option: "gallery",
      expected: "a whole number above 0",
      received: flags.gallery,
    });
  }
  await requireFreeFolder(out, { force: flags.force ?? false });
  await requireRun(run);
  // What takes a second to load waits until the options are known to be right.
  const { writeDemo } = await import("../run/write-demo.js");
  const locations = locationsFromFlags(flags);
  const written = await writeDemo({ run, images, out, gallerySize, sampleCount, about, credit, locations });
  if (flags.json) console.log(JSON.stringify({ event: "result", out, ...written }));
  else console.log(`${written.images} images, ${written.blocks.join(", ")}: ${out}, for any web server`);
}
