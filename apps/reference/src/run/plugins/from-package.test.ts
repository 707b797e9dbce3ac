import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { pluginFromPackage } from "./from-package.js";

const plugin = (kind: string, more = ""): string =>
  `(options) => ({ specificationVersion: "v1", kind: "${kind}", id: "made", options${more} })`;

const sources: Readonly<Record<string, string>> = {
  "loss-one": `export const lossOne = ${plugin("local-loss")}; export const version = "2";`,
  "losses-two": `export const first = ${plugin("local-loss", ", first: true")};
    export const second = ${plugin("local-loss", ", second: true")};`,
  "old-loss": `export const oldLoss = () => ({ specificationVersion: "v0", kind: "local-loss" });`,
  "a-head": `export const aHead = ${plugin("head")};`,
  numbers: `export const three = () => 3;`,
  "only-constants": `export const answer = 42;`,
  breaking: `export const breaking = () => { throw new TypeError("no such size"); };`,
  picky: `export const picky = (options) => {
    if (options.scale > 0) return (${plugin("local-loss")})({ scale: options.scale });
    const error = new Error('Option "scale" must be above 0, but is ' + options.scale + ". Try 1.");
    throw Object.assign(error, { code: "BLOCKWISE_INVALID_OPTION", option: "scale", expected: "above 0",
      received: options.scale });
  };`,
  unloadable: `throw new Error("needs another machine");`,
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blockwise-packages-"));
  for (const [name, source] of Object.entries(sources)) {
    const place = join(folder, "node_modules", name);
    await mkdir(place, { recursive: true });
    // As ESM packages are: without a way in for `require`.
    const manifest = { name, version: "1.0.0", type: "module", exports: { ".": { import: "./index.js" } } };
    await writeFile(join(place, "package.json"), JSON.stringify(manifest));
    await writeFile(join(place, "index.js"), source);
  }
  await writeFile(join(folder, "mine.mjs"), sources["loss-one"] ?? "");
  vi.spyOn(process, "cwd").mockReturnValue(folder);
});

afterAll(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const make = (choice: Parameters<typeof pluginFromPackage>[0]["choice"]) =>
  pluginFromPackage({ kind: "local-loss", field: "loss", choice });

describe("pluginFromPackage", () => {
  it("makes the plugin of an installed package with the options given, and what the run settles", async () => {
    expect(await make("loss-one")).toMatchObject({ id: "made", options: {} });
    const choice = { package: "loss-one", options: { temperature: 0.5, channels: 1 } };
    const settled = { channels: 3 };
    expect(await pluginFromPackage({ kind: "local-loss", field: "loss", choice, settled })).toMatchObject({
      options: { temperature: 0.5, channels: 3 },
    });
    expect(await make({ package: "losses-two", export: "second" })).toMatchObject({ second: true });
  });

  it("takes a file of the working directory, or of anywhere", async () => {
    expect(await make("./mine.mjs")).toMatchObject({ id: "made" });
    expect(await make(join(folder, "mine.mjs"))).toMatchObject({ id: "made" });
  });

  it.each([
    ["loss-none", "loss.package", /not found .*npm install loss-none/],
    ["./none.mjs", "loss.package", /There is no such file\./],
    ["/dev/zero", "loss.package", /There is no such file\./],
    ["unloadable", "loss.package", /Importing it failed: needs another machine\./],
    ["only-constants", "loss.export", /exports no function, so it is no plugin package/],
    [
      "losses-two",
      "loss.export",
      /the name of a function that "losses-two" exports.*It exports first, second\./,
    ],
    [
      { package: "losses-two", export: "third" },
      "loss.export",
      /but is "third"\. It exports first, second\./,
    ],
    ["breaking", "loss", /It failed: no such size\./],
    ["data:text/javascript,export const a = () => 3", "loss.package", /neither a package nor a file/],
    ["https://example.org/loss.js", "loss.package", /neither a package nor a file/],
    ["node:fs", "loss.package", /neither a package nor a file/],
    ["fs", "loss.package", /neither a package nor a file/],
    [
      { package: "picky", options: { scale: -1 } },
      "loss.options.scale",
      /Option "loss\.options\.scale" must be above 0, but is -1\. Try 1\./,
    ],
    [
      { package: "picky", options: { scale: 1, scall: 2 } },
      "loss.options.scall",
      /absent \(there is no such option\), but is 2\. "picky" takes scale\./,
    ],
  ])("says what is wrong with %j", async (choice, option, message) => {
    const made = make(choice);
    await expect(made).rejects.toMatchObject({ code: "BLOCKWISE_INVALID_OPTION", option });
    await expect(made).rejects.toThrow(message);
  });

  it.each([
    ["old-loss", 'got "local-loss v0, from "old-loss""'],
    ["a-head", 'got "head v1, from "a-head""'],
    ["numbers", "no plugin but a value of type number"],
  ])("refuses what is no loss of this version: %s", async (choice, message) => {
    const made = make(choice);
    await expect(made).rejects.toMatchObject({ code: "BLOCKWISE_INCOMPATIBLE_SPEC_VERSION" });
    await expect(made).rejects.toThrow(message);
  });
});
