import { type StoredTensor, toStored } from "@blockwise/core";
import type { LocalLossV1, OptimizerV1 } from "@blockwise/spec";

/** What passed through a network's plugins, under the names of the golden files. */
export type Recording = Map<string, StoredTensor>;

/** The same loss; it writes down the views that each block shows it. */
export function recordViews(loss: LocalLossV1, recording: Recording): LocalLossV1 {
  return {
    ...loss,
    doCompute: (input) => {
      const [first, second] = input.views;
      const block = `block${input.site.blockIndex + 1}`;
      if (first !== undefined) recording.set(`${block}.rep1`, toStored(first.feature, "plain"));
      if (first !== undefined) recording.set(`${block}.z1`, toStored(first.embedding, "plain"));
      if (second !== undefined) recording.set(`${block}.z2`, toStored(second.embedding, "plain"));
      return loss.doCompute(input);
    },
  };
}

/** The same optimiser; it writes down the gradients that it is given. */
export function recordGradients(optimizer: OptimizerV1, recording: Recording): OptimizerV1 {
  return {
    ...optimizer,
    doUpdate: (update) => {
      for (const { name, layout } of update.specs) {
        const gradient = update.gradients[name];
        if (gradient !== undefined) recording.set(`grad.${name}`, toStored(gradient, layout));
      }
      return optimizer.doUpdate(update);
    },
  };
}
