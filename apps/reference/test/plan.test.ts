import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();

/** A small run of two epochs of ten steps, on images that are not there. */
async function planOf(fields: object, ...words: readonly string[]) {
  const file = join(folder, `${Math.random()}.json`);
  const { data: _, ...tiny } = tinyConfig;
  await writeFile(
    file,
    JSON.stringify({ ...tiny, data: { dataset: "/not/there", imageSize: 16 }, epochs: 2, ...fields }),
  );
  const { exitCode, stdout, stderr } = await runCli("plan", file, "--preset", "smoke", ...words);
  return { exitCode, stderr, stdout, lines: stdout.split("\n").filter((line) => line !== "") };
}

describe.concurrent("blockwise plan", { timeout: 300_000 }, () => {
  it("prints blocks, memory, work and time, of images that are not there", async () => {
    const { exitCode, stdout } = await planOf({}, "--images", "165", "--classes", "5", "--quiet");
    expect(exitCode).toBe(0);
    for (const block of ["layer1", "layer2", "layer3", "layer4"]) expect(stdout).toContain(block);
    expect(stdout).toContain("Steps: 20 of 16 images, 10 an epoch.");
    expect(stdout).toContain("It should fit");
    expect(stdout).toMatch(/Time: .* a step, .* for the run/);
    expect(stdout).not.toContain("of one thread");
    const threads = await planOf({}, "--images", "165", "--block-workers", "2", "--quiet");
    expect(threads.stdout).toContain("Note: memory and time are of one thread");
  });

  it("prints the same as JSON", async () => {
    const { lines } = await planOf({}, "--images", "165", "--json");
    const events = lines.map((line) => JSON.parse(line));
    const plan = events.at(-1);
    expect(plan).toMatchObject({ event: "result", stepsPerEpoch: 10, stepCount: 20, batchSize: 16 });
    expect(plan.images).toMatchObject({ count: 165, size: 16, channels: 3 });
    expect(plan.blocks).toHaveLength(4);
    for (const { activationBytes, measuredActivationBytes, secondsPerStep } of plan.blocks) {
      expect({ ...measuredActivationBytes, next: 0 }).toEqual(activationBytes);
      expect(secondsPerStep).toBeGreaterThan(0);
    }
    expect(plan.memory.largestBatchSize).toBeGreaterThan(16);
    expect(plan.endToEnd.flopsPerStep).toBeLessThan(plan.blockwise.flopsPerStep);
  });

  it("settles balanced partitions, and names a field that is wrong", async () => {
    const { stdout } = await planOf({ partition: { blocks: 2, balance: "compute" } }, "--json");
    const plan = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    expect(plan.blocks).toHaveLength(2);
    expect(plan).toMatchObject({ stepCount: null, images: { count: null } });
    const wrong = await planOf({ partition: { blocks: 9, balance: "compute" } });
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('Option "partition.blocks" must be');
  });

  it("knows the paper's run, which no laptop holds, without making its weights", async () => {
    // Smaller images are measured sooner; weights and steps are the same.
    const words = ["--preset", "paper-imagenet", "--image-size", "64", "--engine", "wasm", "--json"];
    const { exitCode, stdout } = await runCli("plan", ...words);
    expect(exitCode).toBe(0);
    const plan = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    expect(plan).toMatchObject({ parameterCount: 635_499_584, stepCount: 187_500 });
    expect(plan.memory).toMatchObject({ fits: false, largestBatchSize: 0 });
    expect(plan.blocks[0].measuredActivationBytes.projector).toBeNull();
  });

  it("takes one configuration file", async () => {
    const twice = await planOf({}, "--config", join(folder, "other.json"));
    expect(twice.exitCode).toBe(2);
    expect(twice.stderr).toContain('Option "config" must be named once');
  });
});
