import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ResolvedConfig } from "../config/schema.js";
import { probeSettings } from "../evaluation/probe-settings.js";
import { smoke } from "../presets/smoke.js";
import { runFolder, writeJson } from "../run/run-folder.js";
import { isScored } from "./is-scored.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blockwise-is-scored-"));
});
afterAll(() => rm(folder, { recursive: true }));

const config: ResolvedConfig = {
  ...smoke,
  partition: "stages",
  data: { ...smoke.data, imageSize: 16 },
  augmentation: { ...smoke.augmentation, flip: false },
};
const own = probeSettings(config);

/** A run of such epochs with a checkpoint at step 20, and such scores. */
async function writeRun(name: string, epochs: number, record: object | null): Promise<string> {
  const files = runFolder(join(folder, name));
  const checkpoint = join(files.checkpoints, "step-00000020");
  await mkdir(checkpoint, { recursive: true });
  await writeFile(join(checkpoint, "run.json"), "{}");
  await writeJson(files.config, { ...config, epochs });
  if (record !== null) await writeJson(files.evaluation, { blocks: [], seconds: 1, ...record });
  return files.path;
}

const of = (checkpoint: string | null) => ({ protocol: { features: { checkpoint, calibration: "none" } } });

describe("isScored", () => {
  it.each([
    ["there are no scores", 1, null, false],
    [
      "they are of the newest checkpoint by its own settings",
      1,
      { ...of("step-00000020"), settings: own },
      true,
    ],
    ["they are of an earlier checkpoint", 1, { ...of("step-00000010"), settings: own }, false],
    ["they are of random weights that are trained by now", 1, { ...of(null), settings: own }, false],
    ["a random network has them", 0, { ...of(null), settings: own }, true],
    [
      "others' settings made them",
      1,
      { ...of("step-00000020"), settings: { ...own, probeEpochs: 1 } },
      false,
    ],
    ["nothing says by which settings", 1, of("step-00000020"), true],
  ])("of a run: %s", async (name, epochs, record, expected) => {
    expect(await isScored(await writeRun(name, epochs, record))).toBe(expected);
  });
});
