import type { AugmentationV1, JsonObject } from "@blockwise/spec";
import { describeAugmentation } from "@blockwise/testing";
import { corruptedView, corruptedViewFromRecipe } from "./index.js";

const module = new URL("./__fixtures__/plain-view.mjs", import.meta.url).href;

/** As threads make it from its options; at first from the view below. */
async function create(
  options: JsonObject | undefined,
  name: "snow" | "jpeg-compression",
): Promise<AugmentationV1> {
  if (options !== undefined) return corruptedViewFromRecipe(options as never);
  const view: AugmentationV1 = (await import(module)).plainView({
    mean: [0.5, 0.4, 0.3],
    std: [0.2, 0.3, 0.25],
  });
  return corruptedView({ view, corruption: name, severity: 3, scale: "cifar" });
}

for (const name of ["snow", "jpeg-compression"] as const) {
  describeAugmentation({
    name: `a view corrupted by ${name}`,
    create: (options?: JsonObject) => create(options, name),
    imageSize: [8, 8],
  });
}
