import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { InvalidOptionError } from "@blockwise/spec";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleStep, writeExampleRun } from "../__fixtures__/example-run.js";
import { rawRequest, requestText } from "../__fixtures__/raw-request.js";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { type RunWatch, watchRuns } from "../watch-runs.js";

const folder = temporaryFolder();
const run = join(folder, "run");
let watch: RunWatch;

beforeAll(async () => {
  await writeExampleRun(run, { steps: 40, stepCount: 40 });
  watch = await watchRuns({ folder: run });
});
afterAll(() => watch.close());

const get = (path: string, init: RequestInit = {}) => fetch(new URL(path, watch.address), init);
async function runAddress(): Promise<string> {
  const { url } = await get("");
  return url;
}

describe("watchRuns", () => {
  it("leads to the run, whose page is whole without its script", async () => {
    const answer = await get("");
    expect(answer.status).toBe(200);
    expect(answer.url).toMatch(/\/runs\/[0-9a-f]{16}\/$/);
    const text = await answer.text();
    for (const shown of ["step 40 of 40", "Loss by block", "Online probe", "Map of the features", "layer2"]) {
      expect(text).toContain(shown);
    }
    expect(text).toContain("layer1 &lt;b&gt;is low&lt;/b&gt;.");
    expect(text).not.toContain("<b>is low");
  });

  it("lets nothing from elsewhere into the page, and the page into no frame", async () => {
    for (const path of ["", "live.js", "nothing"]) {
      const { headers } = await get(path);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  it("says which parts have changed, and only those", async () => {
    const address = await runAddress();
    const state = async () =>
      (await (await fetch(new URL("state", address))).json()) as { parts: object; word: string };
    const before = await state();
    expect(before.word).toBe("finished");
    expect(await state()).toEqual(before);
    appendFileSync(
      join(run, "online.jsonl"),
      '{"step":30,"blocks":[{"block":"layer1","heldOut":{"raw":77.5}}]}\n',
    );
    // A part that was drawn just now rests for a moment.
    const changed = async () => {
      const { parts } = await state();
      const versions = before.parts as Record<string, string>;
      const names = Object.entries(parts).filter(([name, version]) => versions[name] !== version);
      return names.map(([name]) => name).sort();
    };
    await expect.poll(changed, { timeout: 30_000 }).toEqual(["online", "status"]);
    expect(await (await fetch(new URL("section/online", address))).text()).toContain("77.5");
  });

  it("has any of the maps, pictures of pairs, and nothing that is not there", async () => {
    const address = await runAddress();
    const status = async (path: string) => (await fetch(new URL(path, address))).status;
    const map = await (await fetch(new URL("section/map?at=0", address))).text();
    expect(map).toContain('<output for="map-moment">0</output>');
    const picture = await fetch(new URL("pair/0-1.png", address));
    expect(picture.headers.get("content-type")).toBe("image/png");
    expect((await picture.arrayBuffer()).byteLength).toBeGreaterThan(50);
    for (const path of [
      "pair/1-0.png",
      "pair/0-2.png",
      "section/none",
      "config.json",
      "../0000000000000000/",
    ]) {
      expect(await status(path), path).toBe(404);
    }
    writeFileSync(join(run, "pairs", "0-1.png"), "no picture");
    expect(await status("pair/0-1.png")).toBe(404);
  });

  it("answers that nothing has changed, and HEAD without a body", async () => {
    const first = await get("live.css");
    const again = await get("live.css", { headers: { "if-none-match": first.headers.get("etag") ?? "" } });
    expect(again.status).toBe(304);
    const head = await get("live.css", { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String((await first.arrayBuffer()).byteLength));
    expect(await head.text()).toBe("");
  });

  it("has a page of its own for who comes without the token, and for other names and origins", async () => {
    const bare = `http://127.0.0.1:${watch.port}/`;
    const missing = await fetch(bare);
    expect(missing.status).toBe(403);
    expect(await missing.text()).toContain("blockwise watch");
    const path = new URL(watch.address).pathname;
    const refused = [
      requestText(path, [["Host", "evil.example"]]),
      requestText(path, [["Host", `evil.example:${watch.port}`]]),
      requestText(path, [
        ["Host", `127.0.0.1:${watch.port}`],
        ["Origin", "http://evil.example"],
      ]),
    ];
    for (const text of refused) expect((await rawRequest(watch.port, text)).status).toBe(403);
    expect((await get("", { method: "POST", body: "x" })).status).toBe(405);
  });

  it("listens on this machine alone", async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((entry) => entry !== undefined && !entry.internal && entry.family === "IPv4");
    const reached = (host: string): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = connect({ port: watch.port, host, timeout: 2000 });
        const end = (value: boolean) => {
          socket.destroy();
          resolve(value);
        };
        socket.on("connect", () => end(true));
        socket.on("error", () => end(false));
        socket.on("timeout", () => end(false));
      });
    expect(await reached("127.0.0.1")).toBe(true);
    expect(await reached(outside?.address ?? "::1")).toBe(false);
  });

  it("refuses a port that is taken or none", async () => {
    for (const port of [watch.port, -1, 70_000, 1.5]) {
      await expect(watchRuns({ folder: run, port })).rejects.toThrow(InvalidOptionError);
    }
    await expect(watchRuns({ folder: run, port: watch.port })).rejects.toThrow("any that is free");
  });

  it("has a token of its own each time", async () => {
    const other = await watchRuns({ folder: run });
    await other.close();
    const token = (address: string) => new URL(address).pathname;
    expect(token(other.address)).toHaveLength(45);
    expect(token(other.address)).not.toBe(token(watch.address));
  });
});

describe("a folder that changes", () => {
  it("is waited for, becomes a run, ends, and is gone on with", async () => {
    const later = join(folder, "later");
    const { address, close } = await watchRuns({ folder: later });
    const text = async (path = "") => (await fetch(new URL(path, address))).text();
    expect(await text()).toContain("There is no run in this folder yet");
    await writeExampleRun(later, { steps: 10, stepCount: 20 });
    await expect.poll(async () => text("state"), { timeout: 5000 }).toContain('"reload":true');
    expect(await text()).toContain("stopped");
    const start = { event: "start", time: Date.now(), step: 5, stepCount: 20, blocks: ["layer1"] };
    appendFileSync(join(later, "progress.jsonl"), `${JSON.stringify(start)}\n`);
    writeFileSync(join(later, "log.jsonl"), `${JSON.stringify(exampleStep(0))}\n`);
    await expect.poll(text, { timeout: 5000 }).toContain("step 5 of 20");
    expect(await text()).toContain("training");
    rmSync(later, { recursive: true });
    await expect.poll(text, { timeout: 5000 }).toContain("There is no run in this folder yet");
    await close();
  });

  it("shows the runs of an experiment to choose from", async () => {
    const experiment = join(folder, "experiment");
    for (const name of ["blockwise", "end-to-end"]) {
      mkdirSync(join(experiment, name), { recursive: true });
      await writeExampleRun(join(experiment, name), { steps: 5, stepCount: 10, hasEnded: false });
    }
    const { address, close } = await watchRuns({ folder: experiment });
    const overview = await (await fetch(address)).text();
    const links = [...overview.matchAll(/href="(runs\/[0-9a-f]{16}\/)">([\w-]+)</g)];
    expect(links.map(([, , name]) => name)).toEqual(["blockwise", "end-to-end"]);
    const page = await (await fetch(new URL(links[1]?.[1] ?? "", address))).text();
    expect(page).toContain("step 5 of 10");
    expect(page).toContain("All runs");
    await close();
  });
});
