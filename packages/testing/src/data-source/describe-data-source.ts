import { isDeepStrictEqual } from "node:util";
import type { DataSourceV1 } from "@blockwise/spec";
import { describe, it } from "vitest";
import { ensure } from "../ensure.js";
import { dataSourceChecks, ensureSameImage, somePlaces } from "./data-source-checks.js";

/** What is known of a data source that is to be tested. */
export interface DataSourceDescription {
  /** For the tests' titles. */
  readonly name: string;
  /** Opens it; called for every test, so leave downloads to a cache. */
  create(): DataSourceV1 | Promise<DataSourceV1>;
}

/**
 * Defines the tests that every data source has to pass: what it says of itself, labels and class names, sizes of images,
 * any order of reading, typed refusals, a store that holds the same images in shared memory (encoded ones are read by the
 * `readerRecipe`, whose module must have been built), and the same images when it is opened again.
 *
 * @example
 * describeDataSource({ name: "a folder", create: () => openImageFolder("./__fixtures__/photos") });
 */
export function describeDataSource({ name: title, create }: DataSourceDescription): void {
  describe(`${title} as a data source`, () => {
    for (const { name, run } of dataSourceChecks) it(name, async () => run(await create()));

    it("is the same when it is opened again", async () => checkOpenedAgain(await create(), await create()));
  });
}

/** @throws Error where two sources differ in what they say or in their images. */
export async function checkOpenedAgain(first: DataSourceV1, second: DataSourceV1): Promise<void> {
  const [said, saidAgain] = [first, second].map(({ id, options, size, classNames, labels }) => [
    id,
    options,
    size,
    classNames,
    labels,
  ]);
  ensure(isDeepStrictEqual(said, saidAgain), "opened again, it has other options, labels or images");
  for (const place of somePlaces(first)) {
    ensureSameImage(await second.image(place), await first.image(place), `image ${place}, opened again,`);
  }
}
