import { describe, expect, it } from "vitest";
import { mapMoments } from "./record-images.js";

describe("mapMoments", () => {
  it("spreads moments over a run, its first and its last step among them", () => {
    expect([...mapMoments(5, 100)]).toEqual([0, 25, 50, 75, 100]);
    expect([...mapMoments(2, 7)]).toEqual([0, 7]);
  });

  it("has no more moments than there are", () => {
    expect([...mapMoments(10, 3)]).toEqual([0, 1, 2, 3]);
  });
});
