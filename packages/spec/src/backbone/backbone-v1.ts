import type { LayerV1 } from "../layer/layer-v1.js";
import type { PluginV1 } from "../plugin.js";

/** The smallest piece a backbone can be cut at: the stem or one residual unit. */
export interface BackboneUnitV1 {
  /** A name unique in the backbone: `"stem"`, `"layer1.0"`. */
  readonly id: string;
  /** What stands before its parameters' names in files: `"layer1.0."`; empty for torchvision's stem. */
  readonly parameterPrefix: string;
  /** What it computes: maps `[batch, height, width, channels]` in and out. */
  readonly layer: LayerV1;
  /** A unit that cannot be a block of its own and goes with the next one: the stem. @default false */
  readonly joinsNext?: boolean;
}

/** A stage of the backbone: a run of units, and the name it has in print. */
export interface BackboneStageV1 {
  /** Its name in print: `"layer1"`. */
  readonly id: string;
  /** How many units, in order, beginning where the stage before it ends. */
  readonly unitCount: number;
}

/** A chain of units through which data flows one way. */
export interface BackboneV1 extends PluginV1<"backbone"> {
  /** Channels of the images it takes: 1 or 3. */
  readonly inputChannels: number;
  /** All its units, in the order that data flows through them. */
  readonly units: readonly BackboneUnitV1[];
  /** Its units in stages, which together cover them all. */
  readonly stages: readonly BackboneStageV1[];
}
