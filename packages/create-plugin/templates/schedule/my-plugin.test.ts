import { describeSchedule } from "@blockwise/testing";
import { expect, it } from "vitest";
import { myPlugin } from "./my-plugin.js";

describeSchedule({ name: "my-plugin", create: myPlugin });

it("falls in a line", () => {
  expect(myPlugin({ baseLearningRate: 4 }).learningRate({ step: 5, stepCount: 20 })).toBe(3);
});
