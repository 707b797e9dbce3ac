import { appendFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { LineTail } from "./line-tail.js";

const folder = temporaryFolder();
let count = 0;
let file: string;
let told: unknown[];
const listener = {
  onReset: () => void told.push("reset"),
  onLine: (line: object) => void told.push(line),
};
beforeEach(() => {
  file = join(folder, `${count++}.jsonl`);
  told = [];
});

describe("LineTail", () => {
  it("waits for a file that is not there yet, and for the end of a line", async () => {
    const tail = new LineTail(file, listener);
    expect(await tail.read()).toBe(false);
    appendFileSync(file, '{"a":1}\n{"a":');
    expect(await tail.read()).toBe(true);
    expect(await tail.read()).toBe(false);
    appendFileSync(file, "2}\n");
    expect(await tail.read()).toBe(true);
    expect(told).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it("passes over what is no JSON object, and lines of no end", async () => {
    const long = `{"a":"${"x".repeat(3 * 2 ** 20)}"}`;
    writeFileSync(file, `{"a":1}\nnonsense\n[1]\n3\nnull\n\n{"a":2}\n${long}\n{"a":3}\n`);
    await new LineTail(file, listener).read();
    expect(told).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  });

  it("begins anew with a file that another one took the place of, or that was cut", async () => {
    const tail = new LineTail(file, listener);
    writeFileSync(file, '{"a":1}\n{"a":2}\n');
    await tail.read();
    writeFileSync(`${file}.new`, '{"a":1}\n{"a":20}\n{"a":30}\n');
    renameSync(`${file}.new`, file);
    await tail.read();
    truncateSync(file, 8);
    await tail.read();
    expect(told).toEqual([{ a: 1 }, { a: 2 }, "reset", { a: 1 }, { a: 20 }, { a: 30 }, "reset", { a: 1 }]);
  });

  it("follows no link, and reads no folder", async () => {
    writeFileSync(`${file}.elsewhere`, '{"secret":1}\n');
    symlinkSync(`${file}.elsewhere`, file);
    expect(await new LineTail(file, listener).read()).toBe(false);
    expect(await new LineTail(folder, listener).read()).toBe(false);
    expect(told).toEqual([]);
  });

  it("tells the same lines however the file grew", async () => {
    const lines = Array.from({ length: 40 }, (_, index) => ({ index, text: "ä€𝄞".repeat(index) }));
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 }),
        async (cuts) => {
          const path = join(folder, `${count++}.jsonl`);
          const seen: unknown[] = [];
          const tail = new LineTail(path, {
            onReset: () => seen.push("reset"),
            onLine: (line) => seen.push(line),
          });
          let from = 0;
          for (const cut of [...cuts.sort((a, b) => a - b), bytes.length]) {
            appendFileSync(path, bytes.subarray(from, cut));
            from = cut;
            await tail.read();
          }
          expect(seen).toEqual(lines);
        },
      ),
      { numRuns: 40, seed: 5 },
    );
  });
});
