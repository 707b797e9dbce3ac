import { StorageError } from "@blockwise/spec";
import { describe, expect, test } from "vitest";
import { whileLocked } from "./staging.js";

describe("whileLocked", () => {
  test.runIf(process.platform === "linux")("ends where no folder can be made, as in /proc", async () => {
    const locked = whileLocked("/proc/blockwise/engines", async () => "done");
    await expect(locked).rejects.toThrow(StorageError);
    await expect(locked).rejects.toThrow(/BLOCKWISE_CACHE/);
  });
});
