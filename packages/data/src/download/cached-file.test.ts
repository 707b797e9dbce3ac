import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DataSourceError, InvalidOptionError, StorageError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { md5 } from "../__fixtures__/archives.js";
import { answerWithRange, serve, serveFiles } from "../__fixtures__/file-server.js";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { resolveCacheFolder } from "./cache-folder.js";
import { cachedFile } from "./cached-file.js";
import type { DownloadProgress } from "./transfer.js";

const contents = Buffer.from(Array.from({ length: 300_000 }, (_, place) => (place * 7919) % 256));
const file = { dataset: "set", name: "file.bin", urls: [] as string[], md5: md5(contents) };
const other = Buffer.from(contents).fill(1);

/** A process number that no living process has: beyond the largest that Linux gives. */
const ENDED = 4_194_305;

async function setUp() {
  const cacheFolder = await temporaryFolder();
  const folder = join(cacheFolder, "set");
  return {
    cacheFolder,
    folder,
    path: join(folder, "file.bin"),
    leavePart: async (bytes: Uint8Array, entityTag?: string) => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, `file.bin.${ENDED}.part`), bytes);
      if (entityTag !== undefined) await writeFile(join(folder, `file.bin.${ENDED}.part.etag`), entityTag);
    },
  };
}

describe("cachedFile", () => {
  it("downloads once, verifies, reports progress, and then needs no server", async () => {
    const { cacheFolder, folder, path } = await setUp();
    const server = await serveFiles(new Map([["/file.bin", contents]]));
    const url = `${server.address}/file.bin`;
    const progress: DownloadProgress[] = [];
    const options = { cacheFolder, onProgress: (step: DownloadProgress) => progress.push(step) };
    expect(await cachedFile({ ...file, urls: [url] }, options)).toEqual({ path, origin: url });
    expect(contents.equals(await readFile(path))).toBe(true);
    expect(await readdir(folder)).toEqual(["file.bin"]);
    expect(progress.at(-1)).toEqual({ file: "file.bin", receivedBytes: 300_000, totalBytes: 300_000 });
    expect(await cachedFile(file, { cacheFolder, offline: true })).toEqual({ path, origin: "cache" });
    expect(server.requests).toHaveLength(1);
  });

  it("fetches from a mirror laid out as the cache is, and from nowhere else", async () => {
    const { cacheFolder } = await setUp();
    const server = await serveFiles(new Map([["/pub/set/file.bin", contents]]));
    const publisher = await serveFiles(new Map());
    const { origin } = await cachedFile(
      { ...file, urls: [`${publisher.address}/file.bin`] },
      { cacheFolder, mirror: `${server.address}/pub/` },
    );
    expect(origin).toBe(`${server.address}/pub/set/file.bin`);
    expect(publisher.requests).toEqual([]);
  });

  it("goes on to the next address after a 404, and follows redirects", async () => {
    const { cacheFolder } = await setUp();
    const server = await serve((request, response) => {
      if (request.url === "/moved") response.writeHead(302, { location: "/file.bin" }).end();
      else if (request.url === "/file.bin") answerWithRange(request, response, contents);
      else response.writeHead(404).end();
    });
    const urls = [`${server.address}/gone`, `${server.address}/moved`];
    expect((await cachedFile({ ...file, urls }, { cacheFolder })).origin).toBe(urls[1]);
    expect(server.requests).toEqual(["GET /gone", "GET /moved", "GET /file.bin"]);
  });

  it("stops following redirects that go in a circle", async () => {
    const { cacheFolder } = await setUp();
    const server = await serve((_, response) => response.writeHead(302, { location: "/" }).end());
    await expect(
      cachedFile({ ...file, urls: [server.address] }, { cacheFolder, retries: 0 }),
    ).rejects.toThrow(DataSourceError);
    expect(server.requests.length).toBeLessThan(10);
  });

  it("goes on after a cut-off within one call, asking for the rest only", async () => {
    const { cacheFolder, path } = await setUp();
    let cuts = 0;
    const server = await serve((request, response) => {
      if (cuts++ > 0) return answerWithRange(request, response, contents);
      response.writeHead(200, { "content-length": contents.length, etag: '"1"' });
      response.write(contents.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 100));
    });
    await cachedFile({ ...file, urls: [`${server.address}/f`] }, { cacheFolder });
    expect(contents.equals(await readFile(path))).toBe(true);
    expect(server.requests).toEqual(["GET /f", "GET /f [bytes=100000-]"]);
  });

  it("goes on from what an ended process left, under its entity tag", async () => {
    const { cacheFolder, folder, leavePart } = await setUp();
    await leavePart(contents.subarray(0, 120_000), '"1"');
    const server = await serveFiles(new Map([["/f", contents]]));
    await cachedFile({ ...file, urls: [`${server.address}/f`] }, { cacheFolder });
    expect(server.requests).toEqual(["GET /f [bytes=120000-]"]);
    expect(await readdir(folder)).toEqual(["file.bin"]);
  });

  it("begins again when the server has another version now", async () => {
    const { cacheFolder, path, leavePart } = await setUp();
    await leavePart(other.subarray(0, 120_000), '"old"');
    const server = await serveFiles(new Map([["/f", contents]]));
    await cachedFile({ ...file, urls: [`${server.address}/f`] }, { cacheFolder });
    expect(contents.equals(await readFile(path))).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  it("begins again when pieces of two versions met", async () => {
    const { cacheFolder, path, leavePart } = await setUp();
    await leavePart(other.subarray(0, 120_000));
    const server = await serveFiles(new Map([["/f", contents]]));
    await cachedFile({ ...file, urls: [`${server.address}/f`] }, { cacheFolder });
    expect(contents.equals(await readFile(path))).toBe(true);
    expect(server.requests).toEqual(["GET /f [bytes=120000-]", "GET /f"]);
  });

  it("takes everything from a server that knows no ranges", async () => {
    const { cacheFolder, path, leavePart } = await setUp();
    await leavePart(contents.subarray(0, 120_000));
    const server = await serve((_, response) => response.end(contents));
    await cachedFile({ ...file, urls: [server.address] }, { cacheFolder });
    expect(contents.equals(await readFile(path))).toBe(true);
  });

  it.each([
    ["that is already whole", contents],
    ["longer than the file", Buffer.concat([contents, contents])],
  ])("gets over a part %s", async (_, part) => {
    const { cacheFolder, path, leavePart } = await setUp();
    await leavePart(part);
    const server = await serveFiles(new Map([["/f", contents]]));
    await cachedFile({ ...file, urls: [`${server.address}/f`] }, { cacheFolder });
    expect(contents.equals(await readFile(path))).toBe(true);
  });

  it("refuses an answer for another range", async () => {
    const { cacheFolder, path, leavePart } = await setUp();
    await leavePart(contents.subarray(0, 120_000));
    const server = await serve((request, response) => {
      if (request.headers.range === undefined) return response.end(contents);
      response.writeHead(206, { "content-range": "bytes 5-299999/300000" }).end(contents.subarray(5));
    });
    await cachedFile({ ...file, urls: [server.address] }, { cacheFolder });
    expect(contents.equals(await readFile(path))).toBe(true);
  });

  it("deletes what has a wrong checksum, and says so", async () => {
    const { cacheFolder, folder } = await setUp();
    const server = await serveFiles(new Map([["/f", other]]));
    const wrong = cachedFile({ ...file, urls: [`${server.address}/f`] }, { cacheFolder });
    await expect(wrong).rejects.toThrow(/wrong checksum, MD5 [0-9a-f]{32} instead of/);
    expect(await readdir(folder)).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it("never uses a damaged file of the cache", async () => {
    const { cacheFolder, folder, path } = await setUp();
    await mkdir(folder);
    await writeFile(path, other);
    await expect(cachedFile(file, { cacheFolder, offline: true })).rejects.toThrow(DataSourceError);
    expect(existsSync(path)).toBe(false);
    await writeFile(path, other);
    const server = await serveFiles(new Map([["/f", contents]]));
    await cachedFile({ ...file, urls: [`${server.address}/f`] }, { cacheFolder });
    expect(contents.equals(await readFile(path))).toBe(true);
  });

  it("takes other checksums by option", async () => {
    const { cacheFolder } = await setUp();
    const server = await serveFiles(new Map([["/f", other]]));
    const urls = [`${server.address}/f`];
    const checksums = { "file.bin": md5(other) };
    await expect(cachedFile({ ...file, urls }, { cacheFolder, checksums })).resolves.toBeDefined();
  });

  it("keeps the part when a download fails for good, for the next to go on from", async () => {
    const { cacheFolder, folder } = await setUp();
    const server = await serve((request, response) => {
      if (request.headers.range !== undefined) return response.destroy();
      response.writeHead(200, { "content-length": contents.length, etag: '"1"' });
      response.write(contents.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 100));
    });
    await expect(
      cachedFile({ ...file, urls: [server.address] }, { cacheFolder, retries: 0 }),
    ).rejects.toThrow(DataSourceError);
    expect((await readdir(folder)).sort()).toEqual([
      `file.bin.${process.pid}.part`,
      `file.bin.${process.pid}.part.etag`,
    ]);
    const good = await serveFiles(new Map([["/f", contents]]));
    await cachedFile({ ...file, urls: [`${good.address}/f`] }, { cacheFolder });
    expect(good.requests).toEqual(["GET /f [bytes=100000-]"]);
  });

  it("leaves the part of a living process alone", async () => {
    const { cacheFolder, folder } = await setUp();
    await mkdir(folder);
    const theirs = `file.bin.${process.ppid}.part`;
    await writeFile(join(folder, theirs), other.subarray(0, 10));
    const server = await serveFiles(new Map([["/f", contents]]));
    await cachedFile({ ...file, urls: [`${server.address}/f`] }, { cacheFolder });
    expect(server.requests).toEqual(["GET /f"]);
    expect((await readdir(folder)).sort()).toEqual(["file.bin", theirs]);
  });

  it("fetches once for callers at the same time", async () => {
    const { cacheFolder } = await setUp();
    const server = await serveFiles(new Map([["/f", contents]]));
    const remote = { ...file, urls: [`${server.address}/f`] };
    await Promise.all([1, 2, 3].map(() => cachedFile(remote, { cacheFolder })));
    expect(server.requests).toHaveLength(1);
  });

  it("tries again after a failure that may pass, and not after one that will not", async () => {
    const { cacheFolder } = await setUp();
    let asked = 0;
    const busy = await serve((_, response) => {
      if (asked++ === 0) response.writeHead(503).end();
      else response.end(contents);
    });
    await cachedFile({ ...file, urls: [busy.address] }, { cacheFolder });
    expect(asked).toBe(2);
    const gone = await serve((_, response) => response.writeHead(403).end());
    const missing = cachedFile({ ...file, name: "g", urls: [gone.address] }, { cacheFolder });
    await expect(missing).rejects.toThrow(/HTTP status 403/);
    expect(gone.requests).toHaveLength(1);
  });

  it("does not wait for a server that never answers, nor for one that stops in the middle", async () => {
    const { cacheFolder } = await setUp();
    const silent = await serve(() => {});
    const stalled = await serve((_, response) => {
      response.writeHead(200, { "content-length": 1000 }).write("x");
    });
    const options = { cacheFolder, retries: 0, responseTimeoutMs: 300, idleTimeoutMs: 300 };
    const failing = cachedFile({ ...file, urls: [silent.address] }, options);
    await expect(failing).rejects.toThrow(/no answer within 300 ms|Timeout/);
    await expect(cachedFile({ ...file, urls: [stalled.address] }, options)).rejects.toThrow(DataSourceError);
  });

  it("gives up on what would take longer than the time budget", async () => {
    const { cacheFolder } = await setUp();
    const slow = await serve((_, response) => {
      response.writeHead(200, { "content-length": 10_000_000 });
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    });
    const work = cachedFile({ ...file, urls: [slow.address] }, { cacheFolder, timeBudgetMs: 300 });
    await expect(work).rejects.toThrow(/would take about \d+ min/);
    expect(slow.requests).toHaveLength(1);
  });

  it("stops when it is told to", async () => {
    const { cacheFolder } = await setUp();
    const silent = await serve(() => {});
    const controller = new AbortController();
    const work = cachedFile({ ...file, urls: [silent.address] }, { cacheFolder, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("stop it")), 100);
    await expect(work).rejects.toThrow("stop it");
    expect(silent.requests).toHaveLength(1);
  });

  it("says where to put the file when downloads are off", async () => {
    const { cacheFolder, path } = await setUp();
    const error = await cachedFile(file, { cacheFolder, offline: true }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataSourceError);
    expect(String(error)).toContain(path);
    expect(String(error)).toContain(file.md5);
    expect(existsSync(cacheFolder) && (await readdir(cacheFolder))).toEqual([]);
  });

  it("says that the disk is full, and leaves nothing on it", async () => {
    const { cacheFolder, folder } = await setUp();
    await mkdir(folder);
    // Linux has a device that is always full. Elsewhere the link leads nowhere, which cannot be written either.
    const full = process.platform === "linux" ? "/dev/full" : "/no/such/folder/file";
    await symlink(full, join(folder, `file.bin.${process.pid}.part`));
    const server = await serveFiles(new Map([["/f", contents]]));
    const work = cachedFile({ ...file, urls: [`${server.address}/f`] }, { cacheFolder });
    await expect(work).rejects.toThrow(
      process.platform === "linux" ? /ENOSPC.*The disk is full/ : StorageError,
    );
    expect(server.requests).toHaveLength(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it("never shows a password that stands in an address", async () => {
    const { cacheFolder } = await setUp();
    const server = await serveFiles(new Map());
    const mirror = server.address.replace("//", "//user:secret@");
    const error = await cachedFile(file, { cacheFolder, mirror, retries: 0 }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(DataSourceError);
    expect(JSON.stringify([String(error), error])).not.toContain("secret");
  });

  it("refuses a cache folder that cannot be written", async () => {
    const blocked = join(await temporaryFolder(), "a-file");
    await writeFile(blocked, "");
    await expect(cachedFile(file, { cacheFolder: blocked })).rejects.toThrow(StorageError);
  });

  it.runIf(process.platform === "linux")("ends where no folder can be made, as in /proc", async () => {
    await expect(cachedFile(file, { cacheFolder: "/proc/blockwise" })).rejects.toThrow(StorageError);
  });

  it.each([
    { mirror: "ftp://example.org" },
    { mirror: "not an address" },
    { responseTimeoutMs: 0 },
    { timeBudgetMs: Number.NaN },
    { retries: -1 },
  ])("refuses %o", async (options) => {
    await expect(cachedFile(file, options)).rejects.toThrow(InvalidOptionError);
  });
});

describe("resolveCacheFolder", () => {
  it("takes the option, then the variable, then the XDG folder, then the home", () => {
    expect(resolveCacheFolder("/a", { BLOCKWISE_CACHE: "/b" })).toBe("/a");
    expect(resolveCacheFolder(undefined, { BLOCKWISE_CACHE: "/b", XDG_CACHE_HOME: "/c" })).toBe("/b");
    expect(resolveCacheFolder(undefined, { XDG_CACHE_HOME: "/c" })).toBe(join("/c", "blockwise"));
    expect(resolveCacheFolder(undefined, { XDG_CACHE_HOME: "relative" })).toMatch(/\.cache.blockwise$/);
    expect(resolveCacheFolder("", {})).toMatch(/\.cache.blockwise$/);
  });
});
