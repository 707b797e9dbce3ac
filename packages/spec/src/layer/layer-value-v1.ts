/**
 * A value that a layer computes in evaluation mode, as an operation on other values: what exporters read. Values are plain
 * objects; one that is used twice is the same object twice. Maps are `[batch, height, width, channels]`, as in `apply`.
 * Parameters and buffers go by their names in the layer.
 */
export type LayerValueV1 =
  /** What the layer is given. */
  | { readonly operation: "input" }
  /** A 2-D convolution without bias, `stride` and symmetric zero `padding` in pixels. */
  | {
      readonly operation: "convolution";
      readonly input: LayerValueV1;
      readonly weight: string;
      readonly kernelSize: number;
      readonly stride: number;
      readonly padding: number;
    }
  /** `scale (input - mean) / sqrt(variance + epsilon) + offset`, by the last axis. */
  | {
      readonly operation: "batch-norm";
      readonly input: LayerValueV1;
      readonly scale: string;
      readonly offset: string;
      readonly mean: string;
      readonly variance: string;
      readonly epsilon: number;
      /** How many axes the input has, batch among them: 2 or 4. */
      readonly rank: number;
    }
  | { readonly operation: "relu"; readonly input: LayerValueV1 }
  /** The sum of two values of one shape. */
  | { readonly operation: "add"; readonly inputs: readonly [LayerValueV1, LayerValueV1] }
  /** The largest value in a square window of `size` pixels; padding counts as minus infinity. */
  | {
      readonly operation: "max-pool";
      readonly input: LayerValueV1;
      readonly size: number;
      readonly stride: number;
      readonly padding: number;
    }
  /** The mean over height and width: `[batch, channels]`. */
  | { readonly operation: "global-average"; readonly input: LayerValueV1 }
  /**
   * Weighted sums over a map's height and width, as pooling over a grid is: `rows X columns^T` of each channel's
   * `X` `[height, width]`, flattened by channel, then row, then column:
   * `[batch, channels * rows.length * columns.length]`. It holds for maps of that shape alone.
   */
  | {
      readonly operation: "grid-sum";
      readonly input: LayerValueV1;
      /** How many channels the map has. */
      readonly channels: number;
      /** Weights of the map's rows, `height` of them for each row of the grid. */
      readonly rows: readonly (readonly number[])[];
      /** Weights of the map's columns, `width` of them for each column of the grid. */
      readonly columns: readonly (readonly number[])[];
    }
  /** A linear map without bias: `[batch, in] -> [batch, out]`. */
  | { readonly operation: "linear"; readonly input: LayerValueV1; readonly weight: string };
