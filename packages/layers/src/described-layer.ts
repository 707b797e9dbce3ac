import type { LayerV1, LayerValueV1 } from "@blockwise/spec";

/** A layer that says what it computes, so that layers made of it can. */
export interface DescribedLayer extends LayerV1 {
  describe(input: LayerValueV1): LayerValueV1;
}
