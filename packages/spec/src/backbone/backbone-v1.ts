import type { LayerV1 } from "../layer/layer-v1.js";
import type { PluginV1 } from "../plugin.js";

/** The smallest piece a backbone can be cut at: the stem or one residual unit. */
export interface BackboneUnitV1 {
  /** A name unique in the backbone: `"stem"`, `"layer1.0"`. */
  readonly id: string;
  /** What stands before its parameters' names in files: `"layer1.0."`; empty for torchvision's stem. */
  readonly parameterPrefix: string;
  readonly layer: LayerV1;
  /** A unit that cannot be a block of its own and goes with the next one: the stem. @default false */
  readonly joinsNext?: boolean;
}

/** A stage of the backbone: a run of units, and the name it has in print. */
export interface BackboneStageV1 {
  readonly id: string;
  /** How many units, in order, beginning where the stage before it ends. */
  readonly unitCount: number;
}

/** A chain of units through which data flows one way. */
export interface BackboneV1 extends PluginV1<"backbone"> {
  /** Channels of the images it takes: 1 or 3. */
  readonly inputChannels: number;
  readonly units: readonly BackboneUnitV1[];
  readonly stages: readonly BackboneStageV1[];
}
