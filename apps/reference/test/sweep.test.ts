import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type CliEnd, runCli, startCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const file = join(folder, "losses.json");
const out = join(folder, "losses");
const simclr = { loss: { kind: "simclr", temperature: 0.2 } };
const content = {
  title: "Two losses",
  preset: "smoke",
  config: { ...tinyConfig, data: { ...tinyConfig.data, dataset: "mnist-digits" } },
  axes: { loss: { "Barlow Twins": {}, SimCLR: simclr } },
  seeds: [0, 1],
  controls: ["random"],
};

const readSweep = async (sweep: string) => JSON.parse(await readFile(join(sweep, "sweep.json"), "utf8"));

let end: CliEnd;

beforeAll(async () => {
  await writeFile(file, JSON.stringify(content));
  end = await runCli("sweep", file, "--out", out);
}, 300_000);

describe("blockwise sweep", () => {
  it("ends with its table and the path of its report", async () => {
    expect(end.exitCode, end.stderr).toBe(0);
    expect(end.stdout).toMatch(/^Barlow Twins +\d+\.\d ± \d+\.\d/m);
    expect(end.stdout.trimEnd().split("\n").at(-1)).toBe(`Report: ${join(out, "report.html")}`);
    expect(await readFile(join(out, "report.html"), "utf8")).toContain("Two losses");
    expect(end.stdout).toContain((await readFile(join(out, "table.txt"), "utf8")).trimEnd());
  });

  it("trains every row with every seed, and one control for rows that share it", async () => {
    const { rows, pixels, seeds } = await readSweep(out);
    expect(seeds).toEqual([0, 1]);
    expect(pixels).toHaveLength(2);
    expect(rows.map(({ name }: { name: string }) => name)).toEqual(["Barlow Twins", "SimCLR"]);
    for (const row of rows) {
      expect(row.runs.map(({ seed }: { seed: number }) => seed)).toEqual([0, 1]);
      for (const run of row.runs) expect(run.train.steps).toBe(6);
      for (const control of row.controls.random) expect(control.train).toBeNull();
    }
    expect(rows[0].controls.random).toEqual(rows[1].controls.random);
    expect(await readdir(join(out, "runs"))).toHaveLength(6);
  });

  it("refuses a folder with a sweep in it; with --resume it adds what is new and repeats nothing", async () => {
    const refused = await runCli("sweep", file, "--out", out);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("--resume");
    const before = await readSweep(out);
    const trained = join(out, before.rows[0].runs[0].folder, "training.json");
    const written = (await stat(trained)).mtimeMs;
    const longer = join(folder, "longer.json");
    const axes = { loss: { ...content.axes.loss, "no noise": { noise: null } } };
    const vicreg = { loss: { kind: "vicreg", similarity: 25, variance: 25, covariance: 1 } };
    await writeFile(longer, JSON.stringify({ ...content, axes: { loss: { ...axes.loss, VICReg: vicreg } } }));
    const again = await runCli("sweep", longer, "--resume", "--quiet", "--out", out);
    expect(again).toMatchObject({ exitCode: 0, stderr: "" });
    const after = await readSweep(out);
    expect(after.rows.slice(0, 2)).toEqual(before.rows);
    // An option that changes nothing is the same network.
    expect(after.rows[2].runs).toEqual(before.rows[0].runs);
    expect(after.rows[3].name).toBe("VICReg");
    expect((await stat(trained)).mtimeMs).toBe(written);
  }, 300_000);

  it("stops at Ctrl-C and goes on to the same scores", async () => {
    const interrupted = join(folder, "interrupted");
    const first = startCli("sweep", file, "--json", "--out", interrupted);
    await first.printed('"event":"step"');
    first.process.kill("SIGINT");
    const stopped = await first.ended;
    expect(stopped.exitCode).toBe(130);
    expect(stopped.stderr).toContain("--resume");
    const second = await runCli("sweep", file, "--resume", "--json", "--out", interrupted);
    expect(second).toMatchObject({ exitCode: 0, stderr: "" });
    const [resumed, straight] = [await readSweep(interrupted), await readSweep(out)];
    const scores = ({ runs }: { runs: { blocks: unknown }[] }) => runs.map(({ blocks }) => blocks);
    expect(resumed.rows.map(scores)).toEqual(straight.rows.slice(0, 2).map(scores));
  }, 300_000);

  it.each([
    [{ ...content, axes: { loss: { broken: { loss: { kind: "simclr" } } } } }, 'row "broken"'],
    [{ ...content, axes: { size: { huge: { batchSize: 100_000 } } } }, "batchSize"],
    [{ ...content, extra: 1 }, '"extra"'],
  ])("refuses a wrong sweep before anything is trained", async (wrong, message) => {
    const wrongFile = join(folder, "wrong.json");
    const place = join(folder, "wrong");
    await writeFile(wrongFile, JSON.stringify(wrong));
    const refused = await runCli("sweep", wrongFile, "--out", place);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(message);
    expect(await stat(place).catch(() => null)).toBeNull();
  });

  it.each([
    [["--seed", "1"], '"seeds"'],
    [["--preset", "quick"], '"preset"'],
  ])("leaves %j to the file", async (flags, hint) => {
    const refused = await runCli("sweep", file, ...flags, "--out", join(folder, "flags"));
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(hint);
  });
});
