import { expect, it } from "vitest";
import { classesOf } from "./shard-labels.js";

it("takes as many different labels as there may be", () => {
  const texts = Array.from({ length: 200_000 }, (_, label) => String(label));
  const classes = classesOf(texts, String, "images");
  expect(classes?.classNames).toHaveLength(200_000);
  expect(classes?.labels[123_456]).toBe(123_456);
});
