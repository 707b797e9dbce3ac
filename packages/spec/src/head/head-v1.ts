import type { LayerV1 } from "../layer/layer-v1.js";
import type { PluginV1 } from "../plugin.js";

/** Pools a block's output to one vector a sample: `[batch, height, width, channels] -> [batch, dim]`. */
export interface HeadV1 extends PluginV1<"head"> {
  /** Makes the head of one block. `inputShape` is `[height, width, channels]`. @throws ShapeMismatchError */
  doCreate(request: { readonly inputShape: readonly number[] }): LayerV1;
}

/** Maps a head's output to the embedding that the loss sees: `[batch, dim] -> [batch, embeddingDim]`. */
export interface ProjectorV1 extends PluginV1<"projector"> {
  /** Makes the projector of one block. `inputShape` is `[dim]`. @throws ShapeMismatchError */
  doCreate(request: { readonly inputShape: readonly number[] }): LayerV1;
}
