import type { TensorInfo } from "@tensorflow/tfjs-core";
import { correlate } from "./correlate.js";
import type { Address } from "./kernel-module.js";
import type { WasmRuntime } from "./runtime.js";

/** `[batchA, m, k] x [batchB, k, n] -> [max(batchA, batchB), m, n]`; a batch that is smaller repeats. */
export function multiplyMatrices(
  runtime: WasmRuntime,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): TensorInfo {
  const [batchA = 1, rowsA = 1, columnsA = 1] = a.shape;
  const [batchB = 1, rowsB = 1, columnsB = 1] = b.shape;
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const n = transposeB ? rowsB : columnsB;
  const batch = Math.max(batchA, batchB);
  const output = runtime.allocate([batch, m, n]);
  const target = runtime.address(output);
  if (batch * m * n === 0) return output;
  if (k === 0) {
    runtime.kernels.clear(target, batch * m * n * 4);
    return output;
  }
  const panels = runtime.workspace.region("panels", Math.ceil(n / 8) * k * 32);
  for (let index = 0; index < batch; index++) {
    let left = runtime.address(a) + (index % batchA) * m * k * 4;
    const right = runtime.address(b) + (index % batchB) * k * n * 4;
    if (transposeA) {
      const operand = runtime.workspace.region("operand", m * k * 4);
      runtime.kernels.transpose(left, k, m, operand);
      left = operand;
    }
    if (index === 0 || batchB > 1) {
      const [rowStride, columnStride] = transposeB ? [4, k * 4] : [n * 4, 4];
      runtime.kernels.packPanels(right, rowStride, columnStride, k, n, panels, k * 32);
    }
    multiplyPanels(runtime, left, m, k, panels, n, target + index * m * n * 4);
  }
  return output;
}

/** A matrix product is the correlation of an image one pixel wide with a single tap. */
function multiplyPanels(
  runtime: WasmRuntime,
  left: Address,
  m: number,
  k: number,
  panels: Address,
  n: number,
  output: Address,
): void {
  correlate(runtime, {
    source: { address: left, batch: 1, height: m, width: 1, channels: k, top: 0, left: 0 },
    stride: [1, 1],
    dilation: [1, 1],
    phases: [{ rows: m, columns: 1, rowStart: 0, columnStart: 0, taps: [1, 1], panels, outputStart: 0 }],
    output,
    outputChannels: n,
    outputStrides: [m * n * 4, n * 4, n * 4],
  });
}
