import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { launchBrowser } from "@blockwise/browser";
import { convolution, torchDefault } from "@blockwise/layers";
import { ShapeMismatchError } from "@blockwise/spec";
import { graphModel, modelFiles } from "@blockwise/tfjs";
import * as tf from "@tensorflow/tfjs";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DemoData, writeDemoData, writeDemoPage } from "./write-demo.js";

const size = 8;
const count = 24;
const [mean, std] = [0.4, 0.25];

/** Grey pictures of waves, each of another direction. */
function wave(index: number): Uint8Array {
  return Uint8Array.from({ length: size * size }, (_, at) => {
    const [x, y] = [at % size, Math.floor(at / size)];
    return Math.round(127 + 120 * Math.sin(0.9 * x * Math.cos(index) + 0.9 * y * Math.sin(index) + index));
  });
}

const layer = convolution({
  name: "conv",
  inChannels: 1,
  outChannels: 12,
  kernelSize: 5,
  stride: 3,
  padding: 0,
  initializer: torchDefault(25),
});
const filters = Float32Array.from({ length: 12 * 25 }, (_, at) => Math.sin(1.7 * at) * Math.cos(0.3 * at));
const model = graphModel({
  units: [{ id: "unit", prefix: "", layer }],
  depths: [{ name: "layer1", after: "unit" }],
  tensors: new Map([["conv.weight", { shape: [12, 1, 5, 5], data: filters }]]),
  imageShape: [size, size, 1],
});

async function featuresOf(pictures: readonly Uint8Array[]): Promise<Float32Array> {
  await tf.setBackend("cpu");
  const loaded = await tf.loadGraphModel(tf.io.fromMemory(model));
  const features = tf.tidy(() => {
    const pixels = Float32Array.from(
      pictures.flatMap((picture) => [...picture]),
      (value) => (value / 255 - mean) / std,
    );
    const output = loaded.execute(tf.tensor4d(pixels, [pictures.length, size, size, 1]), "features");
    return Float32Array.from((output as tf.Tensor).dataSync());
  });
  loaded.dispose();
  return features;
}

const kinds: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".png": "image/png",
};
const pictures = Array.from({ length: count }, (_, index) => wave(index));
const labels = Int32Array.from({ length: count }, (_, index) => index % 3);
let folder: string;
let data: DemoData;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blockwise-demo-"));
  data = {
    gallery: { pictures, labels },
    samples: { pictures: [wave(100), wave(7)], labels: Int32Array.of(1, 2) },
    size,
    channels: 1,
    mean: [mean],
    std: [std],
    classNames: ["calm", "choppy", "rough"],
    blocks: [{ name: "layer1", dim: 12, features: await featuresOf(pictures) }],
    about: "A network of one block.",
    source: "Waves, made for this page.",
  };
  await writeDemoPage(folder);
  await writeDemoData(folder, data);
  await mkdir(join(folder, "model"));
  for (const [name, bytes] of modelFiles(model)) await writeFile(join(folder, "model", name), bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("writeDemoData", () => {
  it("refuses features of another number of pictures", async () => {
    const blocks = [{ name: "layer1", dim: 12, features: new Float32Array(12) }];
    await expect(writeDemoData(folder, { ...data, blocks })).rejects.toThrow(ShapeMismatchError);
  });
});

const launched = await launchBrowser();
const title = launched.browser ? "the page in a browser" : `the page in a browser: ${launched.reason}`;

describe.skipIf(launched.browser === undefined)(title, () => {
  let server: Server;
  let address: string;
  beforeAll(async () => {
    server = createServer(async ({ url = "/" }, response) => {
      const name = url.endsWith("/") ? `${url}index.html` : url;
      const bytes = await readFile(join(folder, name.replace(/^\/sub/, ""))).catch(() => null);
      response.writeHead(bytes === null ? 404 : 200, { "content-type": kinds[extname(name)] ?? "" });
      response.end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // Below a folder, as on many hosts.
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sub/`;
  });
  afterAll(async () => {
    await launched.browser?.close();
    server.close();
  });

  async function open(width: number, colorScheme: "light" | "dark") {
    const context = await launched.browser?.newContext({ viewport: { width, height: 800 }, colorScheme });
    if (context === undefined) throw new Error("The browser is gone.");
    const page = await context.newPage();
    const complaints: string[] = [];
    const strangers: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!/^(blob:|data:)/.test(request.url()) && !request.url().startsWith(address))
        strangers.push(request.url());
    });
    await page.goto(address);
    await page.waitForSelector("html[data-ready=true]");
    return { page, complaints, strangers, close: () => context.close() };
  }

  const names = (page: Page): Promise<string[]> =>
    page.locator(".block li span:first-of-type").allTextContents();
  const similarities = (page: Page): Promise<string[]> => page.locator(".similarity").allTextContents();
  const pngOf = (index: number): Promise<Buffer> =>
    sharp(wave(index), { raw: { width: size, height: size, channels: 1 } })
      .png()
      .toBuffer();

  it.each([
    [360, "light"],
    [1280, "dark"],
  ] as const)("finds a dropped picture of the gallery first, %i pixels wide in %s", async (width, scheme) => {
    const { page, complaints, strangers, close } = await open(width, scheme);
    const bytes = [...(await pngOf(4))];
    await page.evaluate((values) => {
      const file = new File([Uint8Array.from(values)], "wave.png", { type: "image/png" });
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(file);
      document
        .getElementById("drop")
        ?.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }, bytes);
    await page.waitForSelector(".block");
    expect(await similarities(page)).toHaveLength(8);
    expect((await similarities(page))[0]).toBe("1.000");
    expect((await names(page))[0]).toBe("choppy");
    expect(await page.textContent("#status")).toContain(`Compared with ${count} images`);
    const scrollWidth = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(scrollWidth).toBeLessThanOrEqual(width);
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
    await close();
  });

  it("takes a chosen file of any size, samples by keyboard, and says what is no image", async () => {
    const { page, complaints, close } = await open(800, "light");
    const photo = await sharp({ create: { width: 300, height: 90, channels: 3, background: "#123" } })
      .jpeg()
      .toBuffer();
    await page.setInputFiles("#file", { name: "photo.jpg", mimeType: "image/jpeg", buffer: photo });
    await page.waitForSelector(".block");
    const chosen = await similarities(page);
    await page.check("#invert");
    await page.waitForFunction(
      (before) => document.querySelector(".similarity")?.textContent !== before,
      chosen[0],
    );
    await page.uncheck("#invert");

    await page.focus("#samples button:nth-of-type(2)");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector(".similarity")?.textContent === "1.000");
    expect(await page.getAttribute("#samples button:nth-of-type(2)", "aria-label")).toBe("Try rough");

    const text = { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no image") };
    await page.setInputFiles("#file", text);
    await page.waitForSelector("#status.wrong");
    expect(await page.textContent("#status")).toBe("notes.png cannot be read as an image.");
    expect(complaints).toEqual([]);
    await close();
  });
});
