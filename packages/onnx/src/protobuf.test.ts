import { describe, expect, it } from "vitest";
import { ProtobufMessage } from "./protobuf.js";

describe("ProtobufMessage", () => {
  // The examples of the format's own documentation: field 1 is 150, field 2 is "testing", field 3 holds the first.
  it("encodes numbers, texts and messages", () => {
    const first = new ProtobufMessage().integer(1, 150);
    expect([...first.encode()]).toEqual([0x08, 0x96, 0x01]);
    expect(Buffer.from(new ProtobufMessage().text(2, "testing").encode()).toString("hex")).toBe(
      "120774657374696e67",
    );
    expect([...new ProtobufMessage().message(3, first).encode()]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
  });

  it("encodes floats, negative and large numbers, and fields beyond 15", () => {
    expect([...new ProtobufMessage().float(2, 1).encode()]).toEqual([0x15, 0, 0, 0x80, 0x3f]);
    expect([...new ProtobufMessage().integer(1, -1).encode()]).toEqual([8, ...Array(9).fill(0xff), 1]);
    expect([...new ProtobufMessage().integer(20, 2 ** 35).encode()]).toEqual([
      0xa0, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 1,
    ]);
  });
});
