import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeExampleRun } from "../__fixtures__/example-run.js";
import { rawRequest, requestText } from "../__fixtures__/raw-request.js";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { type RunWatch, watchRuns } from "../watch-runs.js";

const folder = temporaryFolder();
const run = join(folder, "run");
/** Stands in files that no address may lead to. */
const secret = "TOP-SECRET-CONTENTS";
const seed = 20_230_201;
let watch: RunWatch;
let token: string;
let runPath: string;

beforeAll(async () => {
  await writeExampleRun(run, { steps: 20, stepCount: 20 });
  writeFileSync(join(folder, "secret.txt"), secret);
  writeFileSync(join(folder, "secret.png"), `\x89PNG\r\n\x1a\n${secret}`, "latin1");
  writeFileSync(join(run, "notes.txt"), secret);
  mkdirSync(join(run, "checkpoints"));
  writeFileSync(join(run, "checkpoints", "run.json"), JSON.stringify({ secret }));
  // A run of somebody else's could have links in the places of its own files.
  rmSync(join(run, "pairs", "0-1.png"));
  symlinkSync(join(folder, "secret.png"), join(run, "pairs", "0-1.png"));
  watch = await watchRuns({ folder: run });
  token = new URL(watch.address).pathname.slice(1, -1);
  runPath = new URL((await fetch(watch.address)).url).pathname;
});
afterAll(() => watch.close());

/** Sends all, some at a time; fails where one has no end. */
async function sendAll(
  texts: readonly (string | Buffer)[],
  check: (status: number | null, text: string, sent: string) => void,
): Promise<void> {
  const waiting = [...texts];
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { status, text } = await rawRequest(watch.port, next);
      check(status, text, next.toString("latin1").slice(0, 400));
    }
  };
  await Promise.all(Array.from({ length: 24 }, work));
  expect((await fetch(watch.address)).status).toBe(200);
}

const climbs = [
  "..",
  "%2e%2e",
  "%252e%252e",
  "..%2f",
  "..%5c",
  "..\\",
  "....//",
  "%c0%ae%c0%ae",
  ".%00.",
  "..;",
  "%uff0e",
];
const targets = [
  "secret.txt",
  "secret.png",
  "notes.txt",
  "config.json",
  "checkpoints/run.json",
  "etc/passwd",
  "pairs/1-0.png",
];

function traversals(): fc.Arbitrary<string> {
  const step = fc.oneof(
    fc.constantFrom(...climbs, ...targets, "runs", "section", "pair", "state", ".", "", "live.js", "0-0.png"),
    fc.string({ maxLength: 12 }).map((text) => text.replace(/[\s#]/g, "")),
  );
  const start = fc.constantFrom(
    `/${token}`,
    runPath.slice(0, -1),
    "",
    `/${token}/runs`,
    `//${token}`,
    `/./${token}`,
  );
  const own = fc.constantFrom("", "state", "section/map", "section/loss", "pair/0-0.png", "pair/0-1.png");
  const query = fc.constantFrom("", "?at=1", "?at=../../secret.txt", "?", "#x");
  return fc.oneof(
    { weight: 1, arbitrary: fc.tuple(own, query).map(([path, end]) => `${runPath}${path}${end}`) },
    {
      weight: 5,
      arbitrary: fc
        .tuple(start, fc.array(step, { maxLength: 7 }), query)
        .map(([first, steps, end]) => `${[first, ...steps].join("/") || "/"}${end}`),
    },
  );
}

describe("hostile requests", { timeout: 120_000 }, () => {
  it("get no file that a link in the folder leads to", async () => {
    const picture = (name: string) => fetch(new URL(`${runPath}pair/${name}`, watch.address));
    expect((await picture("0-0.png")).status).toBe(200);
    expect((await picture("0-1.png")).status).toBe(404);
  });

  it("cannot climb out of the run's folder, nor reach other files in it: 1800 addresses", async () => {
    const paths = fc.sample(traversals(), { numRuns: 1800, seed });
    const host = `127.0.0.1:${watch.port}`;
    const allowed = new Set([200, 303, 400, 403, 404, 414]);
    let found = 0;
    await sendAll(
      paths.map((path) => requestText(path, [["Host", host]])),
      (status, text, sent) => {
        expect(allowed.has(status ?? 400), `${status} for ${sent}`).toBe(true);
        expect(text.includes(secret), sent).toBe(false);
        if (status === 200) found += 1;
      },
    );
    // Some of them are the page's own addresses, so that more than the first check is tried.
    expect(found).toBeGreaterThan(50);
  });

  it("are refused from other origins, by other names and with other tokens: 1000 sets of headers", async () => {
    const host = `127.0.0.1:${watch.port}`;
    const word = fc.string({ maxLength: 30 }).map((text) => text.replace(/[^\x21-\x7e]/g, "x"));
    const wrongHost = fc.oneof(
      word.filter((text) => text !== host),
      fc.constantFrom(
        "evil.example",
        `evil.example:${watch.port}`,
        "127.0.0.1",
        `[::1]:${watch.port}`,
        `127.0.0.1.nip.io:${watch.port}`,
        `0.0.0.0:${watch.port}`,
        `2130706433:${watch.port}`,
        `127.1:${watch.port}`,
      ),
    );
    const wrongOrigin = fc.oneof(
      word,
      fc.constantFrom(
        "null",
        "http://evil.example",
        `https://${host}`,
        `http://${host}.evil.example`,
        `http://${host}/`,
        `http://evil@${host}`,
      ),
    );
    const wrongToken = fc.oneof(
      word.map((text) => text.replace(/[/?#]/g, "")),
      fc.nat({ max: 42 }).map((cut) => token.slice(0, cut)),
      fc
        .nat({ max: 42 })
        .map((at) => token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1)),
      fc.constant(`${token}A`),
      fc.constant(token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase()),
    );
    const attempt = fc.oneof(
      wrongHost.map((name) => requestText(`/${token}/`, [["Host", name]])),
      wrongOrigin.map((origin) =>
        requestText(`/${token}/`, [
          ["Host", host],
          ["Origin", origin],
        ]),
      ),
      wrongToken.map((wrong) => requestText(`/${wrong}/`, [["Host", host]])),
      fc.constantFrom("cross-site", "same-site").map((site) =>
        requestText(`/${token}/live.js`, [
          ["Host", host],
          ["Sec-Fetch-Site", site],
          ["Sec-Fetch-Mode", "no-cors"],
        ]),
      ),
      wrongHost.map((name) =>
        requestText(`/${token}/`, [
          ["Host", host],
          ["Host", name],
        ]),
      ),
      wrongHost.map((name) => requestText(`http://${name}/${token}/`, [["Host", name]])),
    );
    await sendAll(fc.sample(attempt, { numRuns: 1000, seed }), (status, text, sent) => {
      expect([400, 403].includes(status ?? 400), `${status} for ${sent}`).toBe(true);
      expect(text.includes("layer1"), sent).toBe(false);
    });
  });

  it("may be no requests at all: 600 pieces of bytes", async () => {
    const host = `127.0.0.1:${watch.port}`;
    const method = fc.constantFrom(
      "GET",
      "POST",
      "PUT",
      "CONNECT",
      "OPTIONS",
      "TRACE",
      "PRI",
      "get",
      "G\u0000T",
      "",
    );
    const header = fc.oneof(
      fc.constantFrom(
        "Content-Length: -1",
        "Content-Length: 99999999999",
        "Content-Length: 5\r\nContent-Length: 6",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "Upgrade: websocket\r\nConnection: Upgrade",
        "Expect: 100-continue",
        "Range: bytes=0-1,0-2",
        `X: ${"y".repeat(20_000)}`,
        " folded",
        "No colon",
        "Host: a\u0000b",
        "Cookie: ../../secret.txt",
        "If-None-Match: *",
      ),
      fc.string({ maxLength: 40 }),
    );
    const almost = fc
      .tuple(
        method,
        fc.constantFrom(`/${token}/`, "/", "*", `/${"a".repeat(3000)}`, "\u0000", "http://x/"),
        fc.constantFrom("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", ""),
        fc.array(header, { maxLength: 4 }),
        fc.constantFrom("\r\n\r\n", "\n\n", "\r\n\r\n0\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
      )
      .map(([verb, path, version, headers, end]) =>
        Buffer.from(
          [`${verb} ${path} ${version}`, `Host: ${host}`, "Connection: close", ...headers].join("\r\n") + end,
          "latin1",
        ),
      );
    const bytes = fc
      .uint8Array({ maxLength: 300 })
      .map((values) => Buffer.concat([values, Buffer.from("\r\n\r\n\r\n\r\n")]));
    await sendAll(fc.sample(fc.oneof(almost, almost, bytes), { numRuns: 600, seed }), (_, text, sent) => {
      expect(text.includes(secret), sent).toBe(false);
    });
  });
});
