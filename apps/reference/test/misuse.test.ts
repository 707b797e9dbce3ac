import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { type CliEnd, runCli, runCliWithFileLimit } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const digits = join(folder, "digits");
const loose = join(folder, "loose");
const config = join(folder, "tiny.json");
const tiny = ["--preset", "smoke", "--config", config, "--max-steps", "2"];

/** A mirror whose files are wrong, or end before they are whole. */
const mirror = createServer(({ url }, response) => {
  if (url?.startsWith("/wrong/")) response.end("not an archive");
  else cutOff(response);
});

function cutOff(response: ServerResponse): void {
  response.writeHead(200, { "content-length": 1000 });
  response.write("only the beginning", () => response.destroy());
}

const mirrorAddress = (path: string) => `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/${path}`;

beforeAll(async () => {
  await Promise.all([
    writeDigits(digits, { count: 40, classes: true }),
    writeDigits(loose, { count: 20, classes: false }),
    writeFile(config, JSON.stringify({ ...tinyConfig, data: { imageSize: 16 } })),
    new Promise<void>((resolve) => mirror.listen(0, "127.0.0.1", resolve)),
  ]);
}, 120_000);
afterAll(() => void mirror.close());

/** Runs a command that must be refused, and must not leave its folder behind. */
async function refused(
  out: string,
  words: readonly string[],
  exitCode: number,
  ...messages: readonly string[]
): Promise<CliEnd> {
  const end = await runCli(...words, "--out", join(folder, out));
  expect(end.stderr).not.toMatch(/^\s+at /m);
  for (const message of messages) expect(end.stderr).toContain(message);
  expect(end.exitCode).toBe(exitCode);
  expect(await readdir(folder)).not.toContain(out);
  return end;
}

describe.concurrent("misuse of the command line", { timeout: 300_000 }, () => {
  it("names an unknown option", async () => {
    await refused("a1", ["train", "--epoch", "3"], 2, "unknown option '--epoch'");
  });

  it("names a flag's field, and what it may be", async () => {
    await refused(
      "a2",
      ["train", "--seed", "-1"],
      2,
      'Option "seed" must be a number of at least 0, but is -1.',
    );
    await refused(
      "a3",
      ["headline", "--epochs", "1.5"],
      2,
      'Option "epochs" must be a whole number, but is 1.5.',
    );
    await refused("a4", ["train", "--engine", "fast"], 2, "'fast' is invalid", "auto, native, wasm");
  });

  it("names a field of the configuration file", async () => {
    const file = join(folder, "wrong.json");
    await writeFile(file, '{ "optimizer": { "learningrate": 1 } }');
    const words = ["train", "--config", file];
    await refused("a5", words, 2, 'Option "optimizer.learningrate" must be absent', "docs/configuration.md");
    await refused("a6", ["train", "--config", digits], 1, `BLOCKWISE_STORAGE: The configuration ${digits}`);
  });

  it("says that an engine is not installed", async () => {
    const words = ["train", ...tiny, "--data", digits, "--engine", "webgpu"];
    await refused("a7", words, 1, "BLOCKWISE_ENGINE_UNAVAILABLE", "doctor");
  });
});

describe.concurrent("misuse of runs", { timeout: 300_000 }, () => {
  it("refuses a network or batches that cannot be, and takes the corrected command", async () => {
    const words = ["train", ...tiny, "--data", digits];
    await refused(
      "b1",
      [...words, "--partition", "9"],
      2,
      'Option "partition" must be a whole number from 1 to 4',
    );
    await refused("b1", [...words, "--batch-size", "1"], 2, 'Option "batchSize" must be', "at least 2");
    await refused("b1", [...words, "--batch-size", "64"], 2, 'Option "batchSize" must be at most 3');
    expect((await runCli(...words, "--out", join(folder, "b1"))).exitCode).toBe(0);
  });

  it("refuses an experiment that cannot be, with nothing left of it", async () => {
    const words = ["headline", ...tiny, "--data", digits, "--batch-size", "64"];
    await refused("b2", words, 2, 'Option "batchSize" must be at most 3');
    await refused("b2", ["headline", ...tiny, "--data", loose], 1, "BLOCKWISE_DATA_SOURCE", "class folders");
  });

  it("does not write over a run, nor into a file", async () => {
    const run = join(folder, "b3");
    await mkdir(run);
    await writeFile(join(run, "config.json"), "{}");
    const over = await runCli("train", ...tiny, "--data", digits, "--out", run);
    expect(over.exitCode).toBe(2);
    expect(over.stderr).toContain('Option "out" must be a folder without a run in it');
    const under = await runCli("train", ...tiny, "--data", digits, "--out", join(config, "run"));
    expect(under.exitCode).toBe(1);
    expect(under.stderr).toContain("BLOCKWISE_STORAGE");
    expect(under.stderr).toContain("--out");
  });

  it("lets one of two runs have a folder in which both begin at once", async () => {
    const words = ["train", ...tiny, "--data", digits, "--out", join(folder, "b9")];
    const ends = await Promise.all([runCli(...words), runCli(...words)]);
    expect(ends.map(({ exitCode }) => exitCode).sort()).toEqual([0, 2]);
    expect(ends.map(({ stderr }) => stderr).join("")).toContain("must be a folder without a run in it");
  });

  it.runIf(process.platform === "linux")("ends where no folder can be made, also in /proc", async () => {
    const end = await runCli("train", ...tiny, "--data", digits, "--out", "/proc/blockwise/run");
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toContain("BLOCKWISE_STORAGE: The folder /proc/blockwise/run cannot be made");
    const log = ["--tensorboard", "/proc/blockwise"];
    const message = "BLOCKWISE_STORAGE: The folder /proc/blockwise cannot be made";
    await refused("b10", ["train", ...tiny, "--data", digits, ...log], 1, message, "with --tensorboard");
    const cache = ["--data", "cifar10", "--mirror", mirrorAddress("wrong"), "--cache", "/proc/blockwise"];
    await refused(
      "b11",
      ["train", ...cache],
      1,
      "BLOCKWISE_STORAGE: Cannot write",
      "Choose another cache folder",
    );
  });

  it("tells a folder that is no run from a run that is not trained", async () => {
    const none = await runCli("evaluate", digits);
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toContain("config.json is missing");
    const resumed = await runCli("train", "--resume", "--out", join(folder, "b4"));
    expect(resumed.exitCode).toBe(2);
    expect(resumed.stderr).toContain("config.json is missing");

    const run = join(folder, "b5");
    expect((await runCli("train", ...tiny, "--data", digits, "--out", run)).exitCode).toBe(0);
    await rm(join(run, "checkpoints"), { recursive: true });
    const unknown = await runCli("evaluate", run, "--protocol", "oracle");
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('Option "protocol" must be one of probes');
    const untrained = await runCli("evaluate", run);
    expect(untrained.exitCode).toBe(1);
    expect(untrained.stderr).toContain("BLOCKWISE_CHECKPOINT: There is no checkpoint");
    expect(untrained.stderr).toContain(`npm run blockwise -- train --resume --out ${run}`);
  });

  it("keeps earlier checkpoints when the disk is full, and goes on from them", async () => {
    const run = join(folder, "b6");
    const every = join(folder, "every-step.json");
    await writeFile(
      every,
      JSON.stringify({ ...tinyConfig, data: { imageSize: 16 }, checkpoints: { everySteps: 1, keep: 9 } }),
    );
    const end = await runCli("train", ...tiny, "--config", every, "--data", digits, "--out", run);
    expect(end.exitCode).toBe(0);
    const [first, second] = ["step-00000001", "step-00000002"].map((name) => join(run, "checkpoints", name));
    const weights = (checkpoint = "") => readFile(join(checkpoint, "tensors.safetensors"));
    const [before, after] = [await weights(first), await weights(second)];
    await rm(second ?? "", { recursive: true });

    // Files may have 32 blocks, 16 or 32 KiB, and a checkpoint has more.
    const full = await runCliWithFileLimit(32, "train", "--resume", "--out", run);
    expect(full.exitCode).toBe(1);
    expect(full.stderr).toContain("BLOCKWISE_STORAGE");
    expect(full.stderr).toContain(`npm run blockwise -- train --resume --out ${run}`);
    expect(await readdir(join(run, "checkpoints"))).toEqual(["step-00000001"]);
    expect((await weights(first)).equals(before)).toBe(true);

    const resumed = await runCli("train", "--resume", "--out", run);
    expect(resumed.exitCode).toBe(0);
    expect((await weights(second)).equals(after)).toBe(true);
  });
});

describe.concurrent("misuse of images", { timeout: 300_000 }, () => {
  it("says that there is no such folder, or that it is another thing", async () => {
    await refused("c1", ["train", "--data", join(folder, "nowhere")], 1, "BLOCKWISE_DATA_SOURCE", "nowhere");
    await refused(
      "c2",
      ["train", "--data", config],
      1,
      "BLOCKWISE_DATA_SOURCE",
      "must be a folder or a tar file",
    );
  });

  it("names a corrupt image, or leaves it out where that is asked for", async () => {
    const images = join(folder, "corrupt-images");
    await cp(digits, images, { recursive: true });
    await writeFile(join(images, "0", "broken.png"), "no picture");
    const words = ["train", ...tiny, "--data", images];
    await refused("c3", words, 1, "BLOCKWISE_DATA_SOURCE", "0/broken.png", "onCorrupt");

    const skipping = join(folder, "skip.json");
    await writeFile(
      skipping,
      JSON.stringify({ ...tinyConfig, data: { imageSize: 16, onCorrupt: "skip" }, maxSteps: 2 }),
    );
    const run = join(folder, "c4");
    const end = await runCli(
      "train",
      "--preset",
      "smoke",
      "--config",
      skipping,
      "--data",
      images,
      "--out",
      run,
    );
    expect(end.exitCode).toBe(0);
    expect(end.stderr).toContain('1 broken images left out: "0/broken.png"');
  });

  it("names an empty class", async () => {
    const images = join(folder, "empty-class");
    await cp(digits, images, { recursive: true });
    await mkdir(join(images, "nothing"));
    await refused(
      "c5",
      ["train", ...tiny, "--data", images],
      1,
      "BLOCKWISE_DATA_SOURCE",
      '"nothing" has none',
    );
  });

  it("refuses views that are larger than the images, unless they are to be enlarged", async () => {
    const words = ["train", ...tiny, "--image-size", "32", "--data", digits];
    await refused("c10", words, 2, "BLOCKWISE_INVALID_OPTION", "data.imageSize", "28x28", "--enlarge");
    const end = await runCli(...words, "--enlarge", "--out", join(folder, "c11"));
    expect(end.exitCode).toBe(0);
  });

  it("splits by train and test folders", async () => {
    const images = join(folder, "split");
    await cp(digits, join(images, "train"), { recursive: true });
    await cp(join(digits, "0"), join(images, "test", "0"), { recursive: true });
    const run = join(folder, "c6");
    const end = await runCli("train", ...tiny, "--data", images, "--out", run);
    expect(end.exitCode).toBe(0);
    expect(end.stderr).toContain("train split: 40 in");
  });

  it("says what is missing without a network", async () => {
    const words = ["train", "--data", "cifar10", "--offline", "--cache", join(folder, "cache")];
    await refused("c7", words, 1, "BLOCKWISE_DATA_SOURCE", "is not in the cache", join(folder, "cache"));
  });

  it("refuses a download with a wrong checksum, and one that is cut off", async () => {
    const words = (path: string) => [
      ...["train", "--data", "cifar10", "--cache", join(folder, `cache-${path}`)],
      ...["--mirror", mirrorAddress(path)],
    ];
    await refused("c8", words("wrong"), 1, "BLOCKWISE_DATA_SOURCE", "wrong checksum");
    await refused("c9", words("short"), 1, "BLOCKWISE_DATA_SOURCE", "cannot be downloaded");
    for (const path of ["wrong", "short"]) {
      const kept = await readdir(join(folder, `cache-${path}`, "cifar10"));
      expect(kept).not.toContain("cifar-10-binary.tar.gz");
    }
  });
});
