import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type CliEnd, runCli, startCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const config = join(folder, "tiny.json");
const out = join(folder, "experiment");
/** Six steps on real digits. */
const experiment = ["--preset", "smoke", "--data", "mnist-digits", "--config", config, "--seed", "5"];

const score = z.object({ top1: z.number().min(0).max(100) });
const blockResult = z.object({
  block: z.string(),
  linearProbe: z.object({ raw: score, head: score }),
  knn: z.object({ raw: score }),
});
const train = z.object({
  steps: z.int().positive(),
  seconds: z.number().positive(),
  pairsPerSecond: z.number().positive(),
  peakMemoryBytes: z.number().positive(),
  dataWaitShare: z.number().min(0).max(1),
});

/** The contract of results.json: it may grow, and nothing of it may change. */
const contract = z.object({
  schema: z.literal(1),
  dataset: z.string(),
  protocol: z.record(z.string(), z.json()),
  engine: z.string(),
  seed: z.int(),
  runs: z.tuple([
    z.object({ name: z.literal("blockwise"), train, blocks: z.array(blockResult) }),
    z.object({ name: z.literal("end-to-end"), train, blocks: z.array(blockResult) }),
    z.object({ name: z.literal("random"), train: z.null(), blocks: z.array(blockResult) }),
  ]),
  controls: z.object({ pixels: score }),
});

const readResults = async (experiment: string) =>
  contract.parse(JSON.parse(await readFile(join(experiment, "results.json"), "utf8")));
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

let end: CliEnd;

beforeAll(async () => {
  await writeFile(config, JSON.stringify(tinyConfig));
  end = await runCli("headline", ...experiment, "--out", out);
}, 300_000);

describe("blockwise headline", () => {
  it("ends with its table and the path of its report", async () => {
    expect(end.exitCode, end.stderr).toBe(0);
    expect(end.stderr).toContain("MNIST");
    const lines = end.stdout.trimEnd().split("\n");
    expect(lines.at(-1)).toBe(`Report: ${join(out, "report.html")}`);
    for (const row of ["blockwise", "end to end", "random weights", "raw pixels"]) {
      expect(lines.some((line) => line.startsWith(row))).toBe(true);
    }
    const page = await readFile(join(out, "report.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).not.toMatch(/(src|href)="https?:/);
  });

  it("writes results.json as the contract says", async () => {
    const results = await readResults(out);
    expect(results).toMatchObject({ dataset: "mnist-digits", engine: "wasm", seed: 5 });
    const blocks = ["layer1", "layer2", "layer3", "layer4"];
    for (const run of results.runs) expect(run.blocks.map(({ block }) => block)).toEqual(blocks);
    for (const run of results.runs.slice(0, 2)) expect(run.train?.steps).toBe(6);
    expect(Object.keys(results.protocol)).toEqual(
      expect.arrayContaining(["linear-probe", "features", "pixels"]),
    );
  });

  it("begins all networks at the same weights: only what trains them differs", async () => {
    const read = async (name: string) => JSON.parse(await readFile(join(out, name, "config.json"), "utf8"));
    const [blockwise, endToEnd, random] = await Promise.all(["blockwise", "end-to-end", "random"].map(read));
    expect(endToEnd).toEqual({ ...blockwise, partition: "end-to-end" });
    expect(random).toEqual({ ...blockwise, epochs: 0 });
  });

  it("refuses a folder with an experiment in it, which stays as it is", async () => {
    const before = await readFile(join(out, "results.json"));
    const refused = await runCli("headline", ...experiment, "--out", out);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('Option "out" must be a folder without an experiment in it');
    expect(refused.stderr).toContain("--resume");
    expect((await readFile(join(out, "results.json"))).equals(before)).toBe(true);
  }, 300_000);

  it("repeats nothing that is done, and is silent but for the result where that is asked for", async () => {
    const training = await readFile(join(out, "end-to-end", "training.json"));
    const before = await readResults(out);
    const again = await runCli("headline", "--resume", "--quiet", "--out", out);
    expect(again).toMatchObject({ exitCode: 0, stderr: "", stdout: end.stdout });
    expect((await readFile(join(out, "end-to-end", "training.json"))).equals(training)).toBe(true);
    expect(await readResults(out)).toEqual(before);
  }, 300_000);

  it("stops at Ctrl-C and goes on where it stopped, to the same scores", async () => {
    const interrupted = join(folder, "interrupted");
    const first = startCli("headline", ...experiment, "--json", "--out", interrupted);
    await first.printed('"event":"step"');
    first.process.kill("SIGINT");
    const stopped = await first.ended;
    expect(stopped.exitCode).toBe(130);
    expect(stopped.stderr).toBe(
      `Stopped; what was done is saved. Go on with: npm run blockwise -- headline --resume --out ${interrupted}\n`,
    );
    expect(await exists(join(interrupted, "results.json"))).toBe(false);

    const second = await runCli("headline", "--resume", "--json", "--out", interrupted);
    expect(second).toMatchObject({ exitCode: 0, stderr: "" });
    const events = second.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.at(-1)).toEqual({
      event: "result",
      results: join(interrupted, "results.json"),
      report: join(interrupted, "report.html"),
    });
    const scores = ({ runs, controls }: z.infer<typeof contract>) => [
      runs.map(({ blocks }) => blocks),
      controls,
    ];
    expect(scores(await readResults(interrupted))).toEqual(scores(await readResults(out)));
  }, 300_000);
});
