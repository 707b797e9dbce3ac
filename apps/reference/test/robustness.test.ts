import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { CorruptionRecord } from "../src/evaluation/corruptions.js";
import type { SimilarityRecord } from "../src/evaluation/similarity.js";
import { writeDigits } from "./digit-folder.js";
import { runCli, startCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const digits = join(folder, "digits");
const blockwise = join(folder, "blockwise");
const endToEnd = join(folder, "end-to-end");
const settings = join(folder, "settings.json");
const blockNames = ["layer1", "layer2", "layer3", "layer4"];

async function train(out: string, images: string, partition: string): Promise<void> {
  const config = join(folder, `${partition}.json`);
  await writeFile(config, JSON.stringify({ ...tinyConfig, partition, epochs: 1, maxSteps: 2 }));
  const words = ["train", "--preset", "smoke", "--config", config, "--data", images, "--seed", "3"];
  expect(await runCli(...words, "--quiet", "--out", out)).toMatchObject({ exitCode: 0, stderr: "" });
}

async function resultOf<Result extends { readonly seconds: number }>(
  run: string,
  protocol: string,
): Promise<Omit<Result, "seconds">> {
  const { seconds, ...result } = JSON.parse(
    await readFile(join(run, "evaluation", `${protocol}.json`), "utf8"),
  ) as Result;
  expect(seconds).toBeGreaterThan(0);
  return result;
}

beforeAll(async () => {
  await writeDigits(digits, { count: 130, classes: true });
  await train(blockwise, digits, "stages");
  await train(endToEnd, digits, "end-to-end");
  const corruptions = { names: ["fog", "gaussian-noise"], severities: [5, 1], scale: "imagenet" };
  await writeFile(settings, JSON.stringify({ evaluation: { corruptions } }));
}, 300_000);

describe("evaluate --protocol corruptions", () => {
  const words = (run: string): string[] => [
    "evaluate",
    run,
    "--protocol",
    "corruptions",
    "--config",
    settings,
  ];

  it("refuses a baseline that has not been scored, and says how to score it", async () => {
    const end = await runCli(...words(blockwise), "--against", endToEnd, "--quiet");
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toMatch(/"against" must be a run that has been scored .* --protocol corruptions/s);
  }, 300_000);

  it("goes on after Ctrl-C, to errors of every block", async () => {
    const first = startCli(...words(endToEnd), "--json");
    await first.printed("gaussian-noise 5 (2 of 4)");
    first.process.kill("SIGINT");
    expect((await first.ended).exitCode).toBe(130);
    expect(await readdir(join(endToEnd, "evaluation"))).toEqual(["corruptions.state.json"]);
    expect(await runCli(...words(endToEnd), "--quiet")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await readdir(join(endToEnd, "evaluation"))).toEqual(["corruptions.json"]);
    const { blocks, against, protocol } = await resultOf<CorruptionRecord>(endToEnd, "corruptions");
    expect(against).toBeNull();
    expect(protocol).toMatchObject({
      corruptions: ["gaussian-noise", "fog"],
      severities: [1, 5],
      scale: "imagenet",
      probe: { evaluator: "linear-probe", epochs: 2, features: "raw" },
    });
    expect(blocks.map(({ block }) => block)).toEqual(blockNames);
    for (const { clean, byCorruption, mean, against: compared } of blocks) {
      const errors = [clean, ...Object.values(byCorruption).flat()];
      expect(errors).toHaveLength(5);
      for (const error of errors) expect(error >= 0 && error <= 100).toBe(true);
      expect(mean).toBeCloseTo(errors.slice(1).reduce((sum, error) => sum + error, 0) / 4, 9);
      expect(compared).toBeNull();
    }
  }, 300_000);

  it("finds the same errors where threads corrupt the images", async () => {
    const run = join(folder, "threads");
    await cp(endToEnd, run, { recursive: true });
    await rm(join(run, "evaluation"), { recursive: true });
    const config = JSON.parse(await readFile(join(run, "config.json"), "utf8"));
    await writeFile(join(run, "config.json"), JSON.stringify({ ...config, workers: 2 }));
    expect(await runCli(...words(run), "--quiet")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await resultOf(run, "corruptions")).toEqual(await resultOf(endToEnd, "corruptions"));
  }, 300_000);

  it("compares with a baseline, block by block", async () => {
    const end = await runCli(...words(blockwise), "--against", endToEnd, "--quiet");
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    expect(end.stdout).toMatch(/^relative mCE( +[-\d.]+){4}$/m);
    const { blocks } = await resultOf<CorruptionRecord>(blockwise, "corruptions");
    const baseline = await resultOf<CorruptionRecord>(endToEnd, "corruptions");
    for (const [depth, { against, byCorruption }] of blocks.entries()) {
      const sum = (values: readonly number[] = []): number =>
        values.reduce((total, value) => total + value, 0);
      const expected = (100 * sum(byCorruption.fog)) / sum(baseline.blocks[depth]?.byCorruption.fog);
      expect(against?.corruptionError.fog).toBeCloseTo(expected, 9);
    }
    // What is compared with itself.
    await runCli(...words(endToEnd), "--against", endToEnd, "--quiet");
    const same = await resultOf<CorruptionRecord>(endToEnd, "corruptions");
    for (const { against } of same.blocks) expect(against?.meanCorruptionError).toBeCloseTo(100, 9);
  }, 300_000);

  it("refuses a baseline on other corruptions", async () => {
    const other = join(folder, "other.json");
    await writeFile(
      other,
      JSON.stringify({ evaluation: { corruptions: { names: ["fog"], severities: [1] } } }),
    );
    const asked = ["evaluate", blockwise, "--protocol", "corruptions", "--config", other];
    const end = await runCli(...asked, "--against", endToEnd, "--quiet");
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toContain('"against" must be a run scored on the same corruptions (["fog"])');
  }, 300_000);

  it("refuses images without labels", async () => {
    const plain = join(folder, "plain");
    const run = join(folder, "unlabelled");
    await writeDigits(plain, { count: 40, classes: false });
    await train(run, plain, "stages");
    const end = await runCli("evaluate", run, "--protocol", "corruptions", "--quiet");
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toMatch(/^BLOCKWISE_DATA_SOURCE: .*no labels/);
    // Similarity needs none.
    expect(await runCli("evaluate", run, "--protocol", "similarity", "--quiet")).toMatchObject({
      exitCode: 0,
    });
    const foreign = await runCli(
      "evaluate",
      run,
      "--protocol",
      "similarity",
      "--against",
      blockwise,
      "--quiet",
    );
    expect(foreign.exitCode).toBe(2);
    expect(foreign.stderr).toContain('"against" must be a run on the same images');
  }, 300_000);
});

describe("evaluate --protocol similarity", () => {
  it("compares the blocks with each other and with another run's", async () => {
    const asked = ["evaluate", blockwise, "--protocol", "similarity", "--against", endToEnd, "--quiet"];
    const end = await runCli(...asked);
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    expect(end.stdout).toMatch(/^linear CKA( +layer\d){4}\n(layer\d( +-?\d\.\d{3}){4}\n){4}/);
    const { blocks, within, against } = await resultOf<SimilarityRecord>(blockwise, "similarity");
    expect(blocks).toEqual(blockNames);
    expect(against).toMatchObject({ run: endToEnd, blocks: blockNames });
    for (const [row, line] of within.entries()) {
      expect(line[row]).toBe(1);
      for (const [column, value] of line.entries()) expect(value).toBe(within[column]?.[row]);
    }
    expect(against?.matrix.flat()).toHaveLength(16);
    expect(against?.matrix.flat().every((value) => value < 1)).toBe(true);
  }, 300_000);

  it("finds a run the same as itself", async () => {
    const asked = ["evaluate", endToEnd, "--protocol", "similarity", "--against", endToEnd, "--quiet"];
    expect(await runCli(...asked)).toMatchObject({ exitCode: 0 });
    const { within, against } = await resultOf<SimilarityRecord>(endToEnd, "similarity");
    for (const [row, line] of within.entries()) {
      for (const [column, value] of line.entries()) {
        expect(against?.matrix[row]?.[column]).toBeCloseTo(value, 6);
      }
    }
  }, 300_000);
});
