import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type EventRecord, encodeEvent } from "./encode-event.js";
import { crc32c, frameRecord } from "./frame-record.js";

const golden: { readonly png: string; readonly records: readonly string[] } = JSON.parse(
  readFileSync(new URL("./__fixtures__/events.json", import.meta.url), "utf8"),
);

/** The events of the script that wrote the golden file. */
const events: readonly EventRecord[] = [
  { wallTime: 1700000000.5, step: 0, contents: { kind: "version" } },
  { wallTime: 1700000001.25, step: 70_000, contents: { kind: "start" } },
  {
    wallTime: 1700000002,
    step: 3_000_000_000,
    contents: {
      kind: "scalars",
      scalars: [
        ["loss/layer1", 3.25],
        ["loss/layer2", 0],
        ["terms/layer1/ä", -1e-30],
        ["x", Number.POSITIVE_INFINITY],
      ],
    },
  },
  {
    wallTime: 1700000003,
    step: 0,
    contents: {
      kind: "image",
      image: { tag: "pairs/0", width: 1, height: 1, channels: 1, png: Buffer.from(golden.png, "base64") },
    },
  },
];

describe("encodeEvent and frameRecord", () => {
  it.each(events.map((event, index) => [event.contents.kind, event, golden.records[index] ?? ""] as const))(
    "write %s as TensorBoard does, byte for byte",
    (_, event, expected) => {
      expect(frameRecord(encodeEvent(event)).toString("base64")).toBe(expected);
    },
  );

  it("write pictures of many bytes whole", () => {
    const png = Buffer.alloc(300_000, 7);
    const image = { tag: "t", width: 5, height: 6, channels: 3, png } as const;
    const frame = frameRecord(encodeEvent({ wallTime: 1, step: 1, contents: { kind: "image", image } }));
    expect(Number(frame.readBigUInt64LE(0))).toBe(frame.length - 16);
    expect(frame.includes(png)).toBe(true);
  });
});

describe("crc32c", () => {
  it.each([
    ["zeros", Buffer.alloc(32), 0x8a9136aa],
    ["ones", Buffer.alloc(32, 0xff), 0x62a8ab43],
    ["numbers", Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    ["digits", Buffer.from("123456789"), 0xe3069283],
  ])("has the values of RFC 3720 and of the catalogue of CRCs: %s", (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });
});
