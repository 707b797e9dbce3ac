import type { Tensor } from "@tensorflow/tfjs-core";
import type { OperationsV1 } from "../engine/operations-v1.js";
import type { ParameterSpecV1 } from "../layer/layer-v1.js";
import type { PluginV1 } from "../plugin.js";

/** Tensors by name. */
export type TensorMap = Readonly<Record<string, Tensor>>;

/** What an optimiser updates from. All tensors are borrowed. */
export interface OptimizerUpdateV1 {
  /** The parameters of one block, with names and shapes. */
  readonly specs: readonly ParameterSpecV1[];
  /** By the specs' names. */
  readonly parameters: TensorMap;
  /** By the specs' names, each of its parameter's shape. */
  readonly gradients: TensorMap;
  /** The slots that `doInit` made and the last update returned. */
  readonly state: TensorMap;
  /** The rate of this step, from the schedule. */
  readonly learningRate: number;
  /** How many updates came before this one. */
  readonly updateCount: number;
  /** Those of the engine that the tensors are on. @default none: plain TensorFlow.js, equal to rounding */
  readonly operations?: OperationsV1;
}

/** New tensors, all of which belong to the caller; none may be one of the inputs. */
export interface OptimizerResultV1 {
  /** The new parameters, by the specs' names. */
  readonly parameters: TensorMap;
  /** The new slots, named as `doInit` named them. */
  readonly state: TensorMap;
}

/** Turns gradients into new parameters. It has no state but what it returns. */
export interface OptimizerV1 extends PluginV1<"optimizer"> {
  /** The slots before the first update, named `"<slot>.<parameter>"`; they belong to the caller. */
  doInit(specs: readonly ParameterSpecV1[]): TensorMap;
  /** One update of a block's parameters. */
  doUpdate(update: OptimizerUpdateV1): OptimizerResultV1;
}

/** The learning rate of each step. */
export interface ScheduleV1 extends PluginV1<"schedule"> {
  /** For a step from 0 to `stepCount - 1`. */
  learningRate(position: { readonly step: number; readonly stepCount: number }): number;
}
