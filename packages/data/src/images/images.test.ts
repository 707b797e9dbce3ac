import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataSourceError, InvalidOptionError, MalformedFileError } from "@blockwise/spec";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { tarOf } from "../__fixtures__/archives.js";
import { packedOf } from "../__fixtures__/packed-of.js";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { subset } from "../source/subset.js";
import { openImageFolder } from "./image-folder.js";
import { openImageTar } from "./image-tar.js";

type Colour = readonly [number, number, number];

const RED: Colour = [200, 0, 0];
const GREEN: Colour = [0, 200, 0];
const BLUE: Colour = [0, 0, 200];
const GREY: Colour = [90, 90, 90];

function plain([r, g, b]: Colour, width = 8, height = 6): Sharp {
  return sharp({ create: { width, height, channels: 3, background: { r, g, b } } });
}

const png = (colour: Colour, width?: number, height?: number) =>
  plain(colour, width, height).png().toBuffer();

async function folderOf(files: Readonly<Record<string, Uint8Array | string | null>>): Promise<string> {
  const root = await temporaryFolder();
  for (const [name, contents] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    if (contents === null) await mkdir(join(root, name), { recursive: true });
    else await writeFile(join(root, name), contents);
  }
  return root;
}

function pixel(image: { readonly data: Uint8Array; readonly channels: number }, place = 0): number[] {
  return [...image.data.subarray(place * image.channels, (place + 1) * image.channels)];
}

function expectNear(actual: readonly number[], expected: readonly number[], tolerance = 6): void {
  expect(actual).toHaveLength(expected.length);
  for (const [place, value] of expected.entries()) {
    expect(Math.abs((actual[place] as number) - value), `${actual} to be ${expected}`).toBeLessThanOrEqual(
      tolerance,
    );
  }
}

describe("openImageFolder", () => {
  it("takes first-level folders as classes, in code-unit order, and files below them at any depth", async () => {
    const root = await folderOf({
      "b/2.png": await png(BLUE),
      // Comes before "b/2.png" by its path, though after "b" by its folder's name.
      "b-/2.png": await png(GREY),
      "b/deep/er/1.jpg": await plain(GREEN).jpeg({ quality: 100 }).toBuffer(),
      "B/x.webp": await plain(RED).webp({ lossless: true }).toBuffer(),
      "é/y.jpeg": await plain(GREY).jpeg().toBuffer(),
      "b/readme.txt": "no image",
      "b/.hidden.png": "no image",
      ".git/z.png": "no image",
    });
    const { train, test } = await openImageFolder(root);
    expect(test).toBeNull();
    expect(train.classNames).toEqual(["B", "b", "b-", "é"]);
    expect([...(train.labels ?? [])]).toEqual([0, 2, 1, 1, 3]);
    expectNear(pixel(await train.image(0)), RED);
    expectNear(pixel(await train.image(1)), GREY, 0);
    expectNear(pixel(await train.image(2)), BLUE, 0);
    expectNear(pixel(await train.image(3)), GREEN);
    expectNear(pixel(await train.image(4)), GREY);
    const names = Array.from({ length: 5 }, (_, place) => train.imageName?.(place));
    expect(names).toEqual(["B/x.webp", "b-/2.png", "b/2.png", "b/deep/er/1.jpg", "é/y.jpeg"]);
    expect(() => train.imageName?.(5)).toThrow(InvalidOptionError);
    const part = subset(train, { count: 2, balanced: false });
    expect(names).toContain(part.imageName?.(1));
    expect(await part.image(1)).toEqual(await train.image(names.indexOf(part.imageName?.(1))));
    expect(packedOf(train).pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(packedOf(train).pixels).toHaveLength(5 * 8 * 6 * 3);
    expect([...packedOf(train).offsets]).toEqual([0, 144, 288, 432, 576]);
    expect(train.id).toBe("image-folder");
    expect(JSON.parse(JSON.stringify(train.options))).toEqual(train.options);
    expect(train.description).toContain("5 in 4 classes");
  });

  it("takes loose images as unlabelled, and all images so on request", async () => {
    const loose = await folderOf({ "2.png": await png(BLUE), "10.png": await png(RED) });
    const { train } = await openImageFolder(loose);
    expect(train.classNames).toBeNull();
    expect(train.labels).toBeNull();
    expectNear(pixel(await train.image(0)), RED, 0);
    const nested = await folderOf({ "a/1.png": await png(BLUE), "2.png": await png(RED) });
    expect((await openImageFolder(nested, { labels: "none" })).train.size).toBe(2);
    await expect(openImageFolder(nested)).rejects.toThrow(/"2.png"/);
    await expect(openImageFolder(loose, { labels: "folders" })).rejects.toThrow(DataSourceError);
  });

  it("shrinks the shortest side and never enlarges it, or makes exact squares", async () => {
    const root = await folderOf({
      "1.png": await png(RED, 100, 50),
      "2.png": await png(RED, 10, 30),
      "3.png": await png(RED, 21, 64),
    });
    const { train } = await openImageFolder(root, { decodeSize: 20 });
    expect([...packedOf(train).widths]).toEqual([40, 10, 20]);
    expect([...packedOf(train).heights]).toEqual([20, 30, 61]);
    const square = (await openImageFolder(root, { decodeSize: 20, fit: "square" })).train;
    expect([...packedOf(square).widths, ...packedOf(square).heights]).toEqual([20, 20, 20, 20, 20, 20]);
  });

  it("antialiases", async () => {
    const stripes = Buffer.from(Array.from({ length: 64 * 64 }, (_, place) => (place % 2) * 255));
    const image = await sharp(stripes, { raw: { width: 64, height: 64, channels: 1 } })
      .png()
      .toBuffer();
    const { train } = await openImageFolder(await folderOf({ "1.png": image }), {
      decodeSize: 8,
      channels: 1,
    });
    for (const value of (await train.image(0)).data) expect(Math.abs(value - 127.5)).toBeLessThan(20);
  });

  it("turns images as their EXIF data say", async () => {
    const half = await sharp(await png(RED, 4, 8))
      .composite([{ input: await png(BLUE, 4, 4), left: 0, top: 0 }])
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    const { train } = await openImageFolder(await folderOf({ "1.png": half }));
    const image = await train.image(0);
    expect([image.width, image.height]).toEqual([8, 4]);
    // Orientation 6 turns clockwise: what was on top is on the right.
    expectNear(pixel(image, 0), RED, 0);
    expectNear(pixel(image, 7), BLUE, 0);
  });

  it("makes 8-bit colour of transparency, CMYK, 16 bits, palettes and grey", async () => {
    const half = { r: 0, g: 0, b: 0, alpha: 0.5 };
    const deep = new Uint16Array(4 * 4 * 3).fill(257 * 90);
    const root = await folderOf({
      "a.png": await sharp({ create: { width: 4, height: 4, channels: 4, background: half } })
        .png()
        .toBuffer(),
      "b.jpg": await plain(RED).toColourspace("cmyk").jpeg().toBuffer(),
      "c.png": await sharp(deep, { raw: { width: 4, height: 4, channels: 3 } })
        .toColourspace("rgb16")
        .png()
        .toBuffer(),
      "d.png": await plain(GREEN).png({ palette: true }).toBuffer(),
      "e.jpg": await plain(GREY).toColourspace("b-w").jpeg().toBuffer(),
    });
    for (const [name, space, depth] of [
      ["b.jpg", "cmyk", "uchar"],
      ["c.png", "rgb16", "ushort"],
      ["e.jpg", "b-w", "uchar"],
    ]) {
      expect(await sharp(join(root, name as string)).metadata()).toMatchObject({ space, depth });
    }
    const { train } = await openImageFolder(root);
    expect(train.channels).toBe(3);
    expectNear(pixel(await train.image(0)), [128, 128, 128]);
    const [red = 0, green = 0, blue = 0] = pixel(await train.image(1));
    expect(red).toBeGreaterThan(120);
    expect(Math.max(green, blue)).toBeLessThan(80);
    expectNear(pixel(await train.image(2)), [90, 90, 90]);
    expectNear(pixel(await train.image(3)), GREEN);
    expectNear(pixel(await train.image(4)), GREY);
  });

  it("keeps one channel on request, and by itself when all images are grey", async () => {
    const grey = { "1.png": await png(GREY, 3, 5), "2.png": await png([7, 7, 7], 4, 2) };
    const auto = (await openImageFolder(await folderOf(grey), { channels: "auto" })).train;
    expect(auto.channels).toBe(1);
    expect(packedOf(auto).pixels).toHaveLength(3 * 5 + 4 * 2);
    expect([...(await auto.image(1)).data]).toEqual(new Array(8).fill(7));
    const mixed = await folderOf({ ...grey, "3.png": await png(RED) });
    expect((await openImageFolder(mixed, { channels: "auto" })).train.channels).toBe(3);
    const forced = (await openImageFolder(mixed, { channels: 1 })).train;
    expect(forced.channels).toBe(1);
    expectNear(pixel(await forced.image(0)), [90]);
  });

  it("names a broken image, or leaves it out and says so", async () => {
    const noise = Buffer.from(Array.from({ length: 256 * 256 }, (_, place) => (place * place * 31) % 251));
    const jpeg = await sharp(noise, { raw: { width: 256, height: 256, channels: 1 } })
      .jpeg()
      .toBuffer();
    const broken = {
      "a/cut.jpg": jpeg.subarray(0, jpeg.length / 2),
      "a/empty.png": "",
      "a/text.jpg": "not an image",
      "a/vector.png": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    };
    for (const [name, contents] of Object.entries(broken)) {
      const root = await folderOf({ "a/good.png": await png(RED), [name]: contents });
      const error = await openImageFolder(root).catch((caught: unknown) => caught);
      expect(error, name).toBeInstanceOf(DataSourceError);
      expect(String(error)).toContain(name);
      expect(String(error)).not.toContain("\n");
    }
    const root = await folderOf({ "a/good.png": await png(RED), ...broken });
    const { train } = await openImageFolder(root, { onCorrupt: "skip" });
    expect(train.size).toBe(1);
    expect(train.options.skipped).toEqual(Object.keys(broken).sort());
    expect(train.description).toContain("4 broken images left out");
    expect(train.description).toContain('"a/cut.jpg"');
    const none = await folderOf({ "a/text.jpg": "not an image" });
    await expect(openImageFolder(none, { onCorrupt: "skip" })).rejects.toThrow(DataSourceError);
  });

  it("names an empty class, or accepts it on request", async () => {
    const root = await folderOf({ "cat/1.png": await png(RED), dog: null });
    await expect(openImageFolder(root)).rejects.toThrow(/"dog" has none/);
    const { train } = await openImageFolder(root, { allowEmptyClasses: true });
    expect(train.classNames).toEqual(["cat", "dog"]);
  });

  it("refuses to go beyond the memory budget", async () => {
    const root = await folderOf({ "1.png": await png(RED, 10, 10), "2.png": await png(RED, 10, 10) });
    await expect(openImageFolder(root, { memoryBudgetBytes: 599 })).rejects.toThrow(
      /memoryBudgetBytes = 599/,
    );
    expect((await openImageFolder(root, { memoryBudgetBytes: 600 })).train.size).toBe(2);
  });

  it("splits by train and test folders with common classes", async () => {
    const root = await folderOf({
      "train/cat/1.png": await png(RED),
      "train/dog/1.png": await png(GREEN),
      "val/dog/1.png": await png(BLUE),
    });
    const { train, test } = await openImageFolder(root);
    expect(train.classNames).toEqual(["cat", "dog"]);
    expect([...(train.labels ?? [])]).toEqual([0, 1]);
    expect([...(test?.labels ?? [])]).toEqual([1]);
    expect(test?.classNames).toEqual(["cat", "dog"]);
    expect(test?.store).toMatchObject({ pixels: packedOf(train).pixels });
    if (test !== null) expectNear(pixel(await test.image(0)), BLUE, 0);
    expect((await openImageFolder(root, { holdOut: 0.5 })).test?.size).toBe(1);
    await mkdir(join(root, "test"));
    await writeFile(join(root, "test", "1.png"), await png(RED));
    await expect(openImageFolder(root)).rejects.toThrow(/one to score on/);
  });

  it("holds images out by name and seed, whatever else is in the folder", async () => {
    const image = await png(RED, 1, 1);
    const names = Array.from({ length: 60 }, (_, place) => `${place % 2}/${place}.png`);
    const filesOf = (some: readonly string[]) =>
      folderOf(Object.fromEntries(some.map((name) => [name, image])));
    const count = async (some: readonly string[], seed: number) => {
      const { train, test } = await openImageFolder(await filesOf(some), { holdOut: 0.3, seed });
      expect(train.size + (test?.size ?? 0)).toBe(some.length);
      return [...(test === null ? [] : packedOf(test).offsets)].map((offset) => [...some].sort()[offset / 3]);
    };
    const all = await count(names, 1);
    expect(all.length).toBeGreaterThan(8);
    expect(all.length).toBeLessThan(29);
    const half = names.slice(0, 30);
    expect(await count(half, 1)).toEqual(all.filter((name) => half.includes(name as string)));
    expect(await count(names, 2)).not.toEqual(all);
    const one = await filesOf(names.slice(0, 1));
    await expect(openImageFolder(one, { holdOut: 0.5 })).rejects.toThrow(/both sides/);
  });

  it("follows links, but not in circles, and names one that leads nowhere", async () => {
    const elsewhere = await folderOf({ "1.png": await png(RED) });
    const root = await folderOf({ "cat/2.png": await png(GREEN) });
    await symlink(elsewhere, join(root, "dog"));
    await symlink(root, join(root, "cat", "circle"));
    const { train } = await openImageFolder(root);
    expect(train.classNames).toEqual(["cat", "dog"]);
    expect(train.size).toBe(2);
    await symlink("/no/such/file", join(root, "cat", "3.png"));
    await expect(openImageFolder(root)).rejects.toThrow(/3\.png" cannot be read \(ENOENT\)/);
  });

  it("refuses a missing folder, a file, and a folder without images", async () => {
    const root = await folderOf({ "a.txt": "text" });
    await expect(openImageFolder(join(root, "missing"))).rejects.toThrow(/there is no such folder/);
    await expect(openImageFolder(join(root, "a.txt"))).rejects.toThrow(/it is no folder/);
    await expect(openImageFolder(root)).rejects.toThrow(/has none. Check the path/);
  });

  it.each([
    { decodeSize: 0 },
    { decodeSize: 1.5 },
    { fit: "round" as "square" },
    { channels: 2 as 1 },
    { onCorrupt: "ignore" as "skip" },
    { memoryBudgetBytes: 2 ** 33 },
    { labels: "names" as "none" },
    { holdOut: 1 },
    { holdOut: Number.NaN },
  ])("refuses %o", async (options) => {
    await expect(openImageFolder("/", options)).rejects.toThrow(InvalidOptionError);
  });
});

describe("openImageTar", () => {
  async function archive(bytes: Uint8Array, name = "images.tar"): Promise<string> {
    const path = join(await temporaryFolder(), name);
    await writeFile(path, bytes);
    return path;
  }

  it("reads the images that the packed folder would give, in the same order", async () => {
    const files = {
      "b/2.png": await png(BLUE, 3, 2),
      "b/10.png": await png(GREEN, 2, 2),
      "a/1.jpg": await plain(RED, 5, 4).jpeg().toBuffer(),
    };
    const folder = (await openImageFolder(await folderOf(files))).train;
    const packed = await tarOf([
      [{ name: "set/", type: "directory" }],
      ...Object.entries(files).map(([name, bytes]) => [`./set/${name}`, bytes] as const),
      ["set/b/notes.txt", "text"],
      ["../out.png", "x"],
      [{ name: "set/l.png", type: "symlink", linkname: "/etc/passwd" }],
    ]);
    for (const path of [await archive(packed), await archive(gzipSync(packed), "images.tgz")]) {
      const { train } = await openImageTar(path);
      expect(train.classNames).toEqual(["a", "b"]);
      expect([...(train.labels ?? [])]).toEqual([...(folder.labels ?? [])]);
      for (let place = 0; place < 3; place++)
        expect(await train.image(place)).toEqual(await folder.image(place));
      expect([0, 1, 2].map((place) => train.imageName?.(place))).toEqual(["a/1.jpg", "b/10.png", "b/2.png"]);
      expect(train.description).toContain("unsafe path passed over: 1");
      expect(train.description).toContain("link passed over: 1");
    }
  });

  it("names an empty class", async () => {
    const packed = await tarOf([["cat/1.png", await png(RED)], [{ name: "dog", type: "directory" }]]);
    await expect(openImageTar(await archive(packed))).rejects.toThrow(/"dog" has none/);
  });

  it("refuses archives that are cut off, hold an image twice, hold a broken one, or none", async () => {
    const image = await png(RED);
    const good = await tarOf([["a/1.png", image]]);
    await expect(openImageTar(await archive(good.subarray(0, 600)))).rejects.toThrow(MalformedFileError);
    const twice = await tarOf([
      ["a/1.png", image],
      ["a/1.png", image],
    ]);
    await expect(openImageTar(await archive(twice))).rejects.toThrow(/several times/);
    const broken = await tarOf([["a/1.png", image.subarray(0, 30)]]);
    await expect(openImageTar(await archive(broken))).rejects.toThrow(/a\/1\.png/);
    await expect(openImageTar(await archive(await tarOf([])))).rejects.toThrow(/has none/);
    await expect(openImageTar("/no/such.tar")).rejects.toThrow(DataSourceError);
  });
});
