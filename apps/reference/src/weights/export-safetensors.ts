import { exportWeights } from "@blockwise/core";
import { type SafetensorsEntry, writeSafetensors } from "@blockwise/safetensors";
import type { BackboneV1 } from "@blockwise/spec";
import { openTrained } from "./open-trained.js";

/**
 * How tensors are called: `torchvision` is the backbone alone; `paper` the backbone with its heads, as the paper's authors
 * call them; `blockwise` all there is, as in checkpoints.
 */
export type WeightsLayout = "blockwise" | "paper" | "torchvision";

/**
 * Writes a run's weights for PyTorch. The file's metadata says what images they expect.
 *
 * @throws CheckpointError, InvalidOptionError, StorageError
 */
export async function exportSafetensors(request: {
  readonly run: string;
  readonly out: string;
  readonly layout: WeightsLayout;
}): Promise<{ readonly tensors: number }> {
  const { network, plugins, input, config } = await openTrained(request.run);
  try {
    const rename = renaming(request.layout, plugins.backbone);
    const tensors = Array.from(exportWeights(network)).flatMap(
      ([name, tensor]): (readonly [string, SafetensorsEntry])[] => {
        const theirs = rename(name);
        return theirs === null ? [] : [[theirs, { dtype: "F32", ...tensor }]];
      },
    );
    await writeSafetensors(request.out, {
      tensors,
      metadata: {
        format: "pt",
        network: JSON.stringify({ ...config.network, inputChannels: input.channels }),
        imageSize: String(config.data.imageSize),
        mean: JSON.stringify(input.mean),
        std: JSON.stringify(input.std),
      },
    });
    return { tensors: tensors.length };
  } finally {
    network.dispose();
  }
}

/** What a tensor is called in a layout; null where it has no place there. */
function renaming(layout: WeightsLayout, backbone: BackboneV1): (name: string) => string | null {
  if (layout === "blockwise") return (name) => name;
  const own = new Set(
    backbone.units.flatMap(({ parameterPrefix, layer }) =>
      [...layer.parameters, ...layer.buffers].map(({ name }) => parameterPrefix + name),
    ),
  );
  return (name) => {
    if (own.has(name)) return name;
    const head = /^pool_head\.(\d+)\./.exec(name);
    if (layout !== "paper" || head === null) return null;
    return `pool_conv_block_${Number(head[1]) + 1}.${name.slice(head[0].length)}`;
  };
}
