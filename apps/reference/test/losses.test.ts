import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { runCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();

/** Every kind that the presets do not have. */
const loss = {
  kind: "weighted-sum",
  losses: [
    { weight: 1, loss: { kind: "cross-entropy", labelSmoothing: 0.1 } },
    { weight: 0.1, loss: { kind: "greedy-infomax", predictionSteps: 1, negatives: 7 } },
    { weight: 1, loss: { kind: "look-ahead", weight: 0.5, loss: { kind: "simclr", temperature: 0.5 } } },
  ],
};

interface Step {
  readonly blocks: readonly { readonly loss: number; readonly terms: Readonly<Record<string, number>> }[];
}

/** Trains on labelled or unlabelled digits for 40 steps. */
async function train(name: string, classes: boolean): ReturnType<typeof runCli> {
  const [images, config] = [join(folder, `${name}-images`), join(folder, `${name}.json`)];
  await writeDigits(images, { count: 130, classes });
  await writeFile(config, JSON.stringify({ ...tinyConfig, epochs: 9, maxSteps: 40, loss }));
  const given = ["--preset", "smoke", "--data", images, "--config", config, "--out", join(folder, name)];
  return runCli("train", ...given, "--json");
}

describe("losses of a configuration", () => {
  it("teach every block, with labels, own parameters and the next block", async () => {
    const { exitCode, stdout, stderr } = await train("labelled", true);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const steps = stdout
      .split("\n")
      .filter((line) => line.includes('"event":"step"'))
      .map((line): Step => JSON.parse(line));
    const own = ["alignment", "uniformity"];
    const terms = (next: readonly string[]) => [
      "cross-entropy.crossEntropy",
      "greedy-infomax.step1",
      ...[...own, ...next].map((term) => `look-ahead.${term}`),
    ];
    const ahead = terms(own.map((term) => `next.${term}`));
    expect(steps[0]?.blocks.map((block) => Object.keys(block.terms))).toEqual([
      ahead,
      ahead,
      ahead,
      terms([]),
    ]);
    for (const block of [0, 1, 2, 3]) {
      const mean = (from: number, to: number) =>
        steps.slice(from, to).reduce((sum, { blocks }) => sum + (blocks[block]?.loss ?? Number.NaN), 0) /
        (to - from);
      expect(mean(35, 40), `block ${block}`).toBeLessThan(mean(0, 5));
    }
  }, 120_000);

  it("are refused before anything is written where the images have no labels", async () => {
    const { exitCode, stderr } = await train("unlabelled", false);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/Option "loss" must be a loss without labels for unlabelled images/);
  }, 120_000);
});
