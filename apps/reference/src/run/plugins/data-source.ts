import { type OpenedDataset, splitSource } from "@blockwise/data";
import { type DataSourceV1, ShapeMismatchError } from "@blockwise/spec";
import type { PackageSource } from "../../config/sections/data.js";
import { pluginFromPackage } from "./from-package.js";

/**
 * The images of a package's data source: those to score on are what the factory makes of `heldOut` over its options, or,
 * where nothing is said of them, the part `holdOut` of all.
 *
 * @throws InvalidOptionError, and as `pluginFromPackage` does; ShapeMismatchError for held-out images of other channels.
 */
export async function openPackageSource(
  { heldOut, ...choice }: PackageSource,
  holdOut: number,
): Promise<OpenedDataset> {
  const make = (options: PackageSource["options"]): Promise<DataSourceV1> => {
    const asked = options === undefined ? choice : { ...choice, options };
    return pluginFromPackage({ kind: "data-source", field: "data.dataset", choice: asked });
  };
  const whole = await make(choice.options);
  const parts =
    heldOut === undefined
      ? splitSource(whole, { holdOut })
      : { train: whole, test: await make({ ...choice.options, ...heldOut }) };
  const { train, test } = parts;
  if (test !== null && test.channels !== train.channels) {
    throw new ShapeMismatchError({
      subject: "The held-out images of data.dataset",
      expected: `[height, width, ${train.channels}], as the others,`,
      received: [test.channels],
    });
  }
  return { name: choice.package, origin: `the package ${choice.package}`, why: [], train, test };
}
