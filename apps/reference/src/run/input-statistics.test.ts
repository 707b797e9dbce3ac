import type { DataSourceV1, RawImage } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { measureInputStatistics } from "./input-statistics.js";

function sourceOf(channels: number, images: readonly (readonly number[])[]): DataSourceV1 {
  return {
    channels,
    description: "a test's images",
    size: images.length,
    image: async (index: number): Promise<RawImage> => ({
      data: Uint8Array.from(images[index] ?? []),
      height: 1,
      width: (images[index] ?? []).length / channels,
      channels,
    }),
  } as unknown as DataSourceV1;
}

describe("measureInputStatistics", () => {
  it("gives mean and deviation by channel, of values from 0 to 1", async () => {
    const { mean, std } = await measureInputStatistics(
      sourceOf(3, [
        [0, 255, 51],
        [255, 255, 102],
      ]),
    );
    expect(mean[0]).toBeCloseTo(0.5, 12);
    expect(mean[1]).toBe(1);
    expect(mean[2]).toBeCloseTo(0.3, 12);
    expect(std[0]).toBeCloseTo(0.5, 12);
    // A channel of one value has nothing to divide by.
    expect(std[1]).toBe(1);
    expect(std[2]).toBeCloseTo(0.1, 12);
  });

  it("refuses images that are neither grey nor coloured", async () => {
    await expect(measureInputStatistics(sourceOf(2, [[1, 2]]))).rejects.toThrow(/1 or 3/);
  });
});
