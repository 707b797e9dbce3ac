import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pack } from "tar-stream";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { type CliEnd, runCli, startCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const digits = join(folder, "digits");
const config = join(folder, "tiny.json");
const shards = join(folder, "digits-{000..003}.tar");
const cache = join(folder, "cache");
const data = { imageSize: 16, storage: "stream", shuffleBuffer: 40, maxTrainImages: null, holdOut: 0 };

const training = (out: string, ...words: readonly string[]) =>
  [
    "train",
    "--preset",
    "smoke",
    "--config",
    config,
    "--data",
    shards,
    "--cache",
    cache,
    "--json",
    "--out",
    out,
  ].concat(words);
const events = (end: CliEnd) =>
  end.stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

async function weights(run: string): Promise<Buffer> {
  const last = (await readdir(join(run, "checkpoints"))).sort().at(-1) ?? "";
  return readFile(join(run, "checkpoints", last, "tensors.safetensors"));
}

/** Packs the digits' files into four shards; number 7 is cut off. */
async function writeShards(): Promise<void> {
  const names: string[] = [];
  for (const digit of await readdir(digits)) {
    for (const name of await readdir(join(digits, digit))) names.push(join(digit, name));
  }
  names.sort((a, b) => (a.split(/[\\/]/)[1] as string).localeCompare(b.split(/[\\/]/)[1] as string));
  await truncate(join(digits, names[7] as string), 80);
  for (let shard = 0; shard < 4; shard++) {
    const archive = pack();
    for (const name of names.slice(32 * shard, 32 * (shard + 1))) {
      const [digit = "", file = ""] = name.split(/[\\/]/);
      archive.entry({ name: file }, await readFile(join(digits, name)));
      archive.entry({ name: file.replace(".png", ".cls") }, digit);
    }
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    await writeFile(join(folder, `digits-00${shard}.tar`), Buffer.concat(chunks));
  }
}

beforeAll(async () => {
  await writeDigits(digits, { count: 128, classes: true });
  await writeShards();
  // Grey images become colour where nothing is decoded before it is wanted.
  await writeFile(
    config,
    JSON.stringify({ ...tinyConfig, data, epochs: 3, checkpoints: { everySteps: 5, keep: 9 } }),
  );
}, 300_000);

describe("blockwise train on shards", () => {
  it("goes on in mid-epoch bit for bit, with any number of threads, and names what is broken", async () => {
    const straight = join(folder, "straight");
    const end = await runCli(...training(straight));
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    const record = JSON.parse(await readFile(join(straight, "training.json"), "utf8"));
    expect(record).toMatchObject({ complete: true, step: 24 });
    expect(record.input.imagesPerSecond).toBeGreaterThan(0);
    expect(record.input.broken).toEqual({ count: 1, names: [expect.stringMatching(/0007\.png \(/)] });
    const notes = events(end).filter(({ event }) => event === "note");
    expect(notes.at(-1).message).toContain("1 broken image left out");

    const out = join(folder, "interrupted");
    const first = startCli(...training(out, "--workers", "1"));
    // Eight steps an epoch, so that step 12 is in the middle of the second.
    await first.printed('"step":12,');
    first.process.kill("SIGKILL");
    await first.ended;
    const second = await runCli(
      "train",
      "--resume",
      "--workers",
      "2",
      "--cache",
      cache,
      "--json",
      "--out",
      out,
    );
    expect(second).toMatchObject({ exitCode: 2 });
    const third = await runCli("train", "--resume", "--cache", cache, "--json", "--out", out);
    expect(third).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await weights(out)).equals(await weights(straight))).toBe(true);

    const threads = join(folder, "threads");
    expect((await runCli(...training(threads, "--workers", "2"))).exitCode).toBe(0);
    expect((await weights(threads)).equals(await weights(straight))).toBe(true);
  }, 300_000);

  it("says which shards are missing, and refuses what cannot be", async () => {
    const missing = await runCli(
      ...training(join(folder, "none"), "--data", join(folder, "digits-{003..005}.tar")),
    );
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toMatch(/BLOCKWISE_DATA_SOURCE: .*digits-004.tar".*digits-005.tar" are missing/);
    await writeFile(join(folder, "memory.json"), JSON.stringify({ data: { storage: "memory" } }));
    const memory = await runCli(
      ...["train", "--preset", "smoke", "--config", join(folder, "memory.json"), "--data", shards],
      ...["--out", join(folder, "memory")],
    );
    expect(memory.exitCode).toBe(2);
    expect(memory.stderr).toContain('Option "storage" must be "stream" or "auto"');
  }, 300_000);
});
