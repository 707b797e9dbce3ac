import {
  type BatchNormTrainOptions,
  type ExpandAndPoolTrainOptions,
  InvalidOptionError,
  ShapeMismatchError,
  type WindowOptions,
} from "@blockwise/spec";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";

/** @throws ShapeMismatchError, InvalidOptionError */
export function checkConvolution(x: Tensor4D, filter: Tensor4D, options: WindowOptions): void {
  checkImages("conv2d: x", x);
  const channels = x.shape[3];
  if (filter.rank !== 4 || filter.shape[2] !== channels) {
    throw new ShapeMismatchError({
      subject: "conv2d: filter",
      expected: `[height, width, ${channels}, out]`,
      received: filter.shape,
    });
  }
  checkWindow("conv2d", x, [filter.shape[0], filter.shape[1]], options);
}

/** @throws ShapeMismatchError, InvalidOptionError */
export function checkMaxPool(x: Tensor4D, options: WindowOptions & { readonly size: number }): void {
  checkImages("maxPool: x", x);
  checkInteger("maxPool.size", options.size, 1);
  checkWindow("maxPool", x, [options.size, options.size], options);
  if (options.padding * 2 > options.size) {
    throw new InvalidOptionError({
      option: "maxPool.padding",
      expected: `at most half of size ${options.size}`,
      received: options.padding,
    });
  }
}

/** @throws ShapeMismatchError */
export function checkBatchNorm(
  x: Tensor,
  options: BatchNormTrainOptions,
  statistics: readonly Tensor[] = [],
): void {
  if (x.rank !== 2 && x.rank !== 4) {
    throw new ShapeMismatchError({
      subject: "batchNorm: x",
      expected: "[batch, channels] or [batch, height, width, channels]",
      received: x.shape,
    });
  }
  const channels = x.shape[x.rank - 1] ?? 0;
  for (const tensor of [options.scale, options.offset, ...statistics]) {
    if (tensor !== null && (tensor.rank !== 1 || tensor.shape[0] !== channels)) {
      throw new ShapeMismatchError({
        subject: "batchNorm: scale, offset, mean and variance",
        expected: `[${channels}]`,
        received: tensor.shape,
      });
    }
  }
  const { residual, pool } = options;
  if (residual !== undefined && residual.shape.join() !== x.shape.join()) {
    throw new ShapeMismatchError({
      subject: "batchNorm: residual",
      expected: `[${x.shape.join(", ")}]`,
      received: residual.shape,
    });
  }
  if (pool === "globalAverage" && x.rank !== 4) {
    throw new ShapeMismatchError({
      subject: 'batchNorm with pool "globalAverage": x',
      expected: "[batch, height, width, channels]",
      received: x.shape,
    });
  }
}

/** @throws ShapeMismatchError, InvalidOptionError */
export function checkExpansion(
  x: Tensor4D,
  filter: Tensor4D,
  options: ExpandAndPoolTrainOptions,
  statistics: readonly Tensor[] = [],
): void {
  checkImages("expandAndPool: x", x);
  const channels = x.shape[3];
  const [height, width, inChannels, out] = filter.shape;
  if (filter.rank !== 4 || height !== 1 || width !== 1 || inChannels !== channels) {
    throw new ShapeMismatchError({
      subject: "expandAndPool: filter",
      expected: `[1, 1, ${channels}, out]`,
      received: filter.shape,
    });
  }
  for (const tensor of [options.scale, options.offset, ...statistics]) {
    if (tensor !== null && (tensor.rank !== 1 || tensor.shape[0] !== out)) {
      throw new ShapeMismatchError({
        subject: "expandAndPool: scale, offset, mean and variance",
        expected: `[${out}]`,
        received: tensor.shape,
      });
    }
  }
  if (!(options.chunkBytes > 0)) {
    throw new InvalidOptionError({
      option: "expandAndPool.chunkBytes",
      expected: "a number above 0",
      received: options.chunkBytes,
    });
  }
}

function checkImages(subject: string, x: Tensor): void {
  if (x.rank !== 4) {
    throw new ShapeMismatchError({
      subject,
      expected: "[batch, height, width, channels]",
      received: x.shape,
    });
  }
}

function checkWindow(
  operation: string,
  x: Tensor4D,
  window: readonly [height: number, width: number],
  { stride, padding }: WindowOptions,
): void {
  checkInteger(`${operation}.stride`, stride, 1);
  checkInteger(`${operation}.padding`, padding, 0);
  const [, height, width] = x.shape;
  if (height + 2 * padding < window[0] || width + 2 * padding < window[1]) {
    throw new ShapeMismatchError({
      subject: `${operation}: x`,
      expected: `[batch, >= ${window[0] - 2 * padding}, >= ${window[1] - 2 * padding}, channels]`,
      received: x.shape,
      hint: `The window of ${window[0]}x${window[1]} is larger than the image and its padding of ${padding}.`,
    });
  }
}

function checkInteger(option: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new InvalidOptionError({ option, expected: `an integer of at least ${least}`, received: value });
  }
}
