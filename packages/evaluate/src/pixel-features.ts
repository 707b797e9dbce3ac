import {
  type DataSourceV1,
  type FeatureTable,
  InvalidOptionError,
  ShapeMismatchError,
} from "@blockwise/spec";

/**
 * The pixels themselves as features, from 0 to 1, rows from the top and channels last: the control that says what a
 * network adds.
 *
 * @param source images of one size; borrowed
 * @param indices which images, in this order. @default all
 * @returns a table of `4 * indices.length * height * width * channels` bytes, the caller's; unlabelled images get
 *   the label -1
 * @throws InvalidOptionError for an index that is not in the source
 * @throws ShapeMismatchError for no images at all, and for images of unequal size
 * @example
 * const pixels = await pixelFeatures(source);
 * const { top1 } = await linearProbe().doEvaluate({ train: pixels, test, classCount: 10, seed: 1 });
 */
export async function pixelFeatures(
  source: DataSourceV1,
  indices?: ArrayLike<number>,
): Promise<FeatureTable> {
  const chosen = indices ?? Uint32Array.from({ length: source.size }, (_, index) => index);
  const labels = new Int32Array(chosen.length);
  let shape: readonly number[] = [];
  let features: Float32Array = new Float32Array();
  for (let row = 0; row < chosen.length; row++) {
    const index = chosen[row] as number;
    if (!(Number.isInteger(index) && index >= 0 && index < source.size)) {
      throw new InvalidOptionError({
        option: `indices[${row}]`,
        expected: `a whole number from 0 to ${source.size - 1}`,
        received: index,
      });
    }
    const image = await source.image(index);
    const imageShape = [image.height, image.width, image.channels];
    if (row === 0) {
      shape = imageShape;
      features = new Float32Array(chosen.length * image.data.length);
    } else if (imageShape.some((size, axis) => size !== shape[axis])) {
      throw new ShapeMismatchError({
        subject: `Image ${index} of ${source.id}`,
        expected: `[${shape.join(", ")}] as image ${chosen[0]}`,
        received: imageShape,
        hint: "Pixels can only be compared between images of one size: resize them first.",
      });
    }
    const start = row * image.data.length;
    for (let place = 0; place < image.data.length; place++) {
      features[start + place] = (image.data[place] as number) / 255;
    }
    labels[row] = source.labels?.[index] ?? -1;
  }
  if (chosen.length === 0) {
    throw new ShapeMismatchError({
      subject: `The pixels of ${source.id}`,
      expected: "[count, dim] with at least one image",
      received: [0, 0],
    });
  }
  return { features, dim: features.length / chosen.length, labels };
}
