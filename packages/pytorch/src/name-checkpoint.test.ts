import { InvalidOptionError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { nameCheckpoint } from "./name-checkpoint.js";

const backbone = [
  "conv1.weight",
  "bn1.weight",
  "bn1.running_mean",
  "layer1.0.conv1.weight",
  "layer4.2.bn3.running_var",
];
const counters = ["bn1.num_batches_tracked", "layer1.0.bn1.num_batches_tracked"];
const under = (prefix: string, names: readonly string[]): string[] => names.map((name) => prefix + name);

describe("nameCheckpoint", () => {
  it("knows torchvision's layout", () => {
    const { prefix, names, unused } = nameCheckpoint([...backbone, ...counters, "fc.weight", "fc.bias"]);
    expect(prefix).toBe("");
    expect([...names]).toEqual(backbone.map((name) => [name, name]));
    expect(unused).toEqual([...counters, "fc.weight", "fc.bias"]);
  });

  it("knows the checkpoints of Barlow Twins", () => {
    const { prefix, names, unused } = nameCheckpoint([
      ...under("model.module.backbone.", backbone),
      "model.module.projector.0.weight",
      "model.module.projector.1.running_mean",
      "model.module.projector.1.num_batches_tracked",
      "model.module.bn.running_mean",
      "optimizer.state.0.mu",
    ]);
    expect(prefix).toBe("model.module.backbone.");
    expect(names.get("layer4.2.bn3.running_var")).toBe("model.module.backbone.layer4.2.bn3.running_var");
    expect(names.get("projector.0.0.weight")).toBe("model.module.projector.0.weight");
    expect(names.get("projector.0.1.running_mean")).toBe("model.module.projector.1.running_mean");
    expect(unused).toEqual([
      "model.module.projector.1.num_batches_tracked",
      "model.module.bn.running_mean",
      "optimizer.state.0.mu",
    ]);
  });

  it("knows those of the paper's authors: the final backbone, and a checkpoint of training", () => {
    const heads = ["pool_conv_block_1.0.weight", "pool_conv_block_4.1.running_mean"];
    const final = nameCheckpoint([...backbone, ...heads, "pool_conv_block_1.1.num_batches_tracked"]);
    expect(final.names.get("pool_head.0.0.weight")).toBe("pool_conv_block_1.0.weight");
    expect(final.names.get("pool_head.3.1.running_mean")).toBe("pool_conv_block_4.1.running_mean");
    expect(final.unused).toEqual(["pool_conv_block_1.1.num_batches_tracked"]);
    const training = nameCheckpoint([
      ...under("model.module.backbone.", [...backbone, ...heads]),
      "model.module.projector_list.3.6.weight",
    ]);
    expect(training.names.get("pool_head.3.1.running_mean")).toBe(
      "model.module.backbone.pool_conv_block_4.1.running_mean",
    );
    expect(training.names.get("projector.3.6.weight")).toBe("model.module.projector_list.3.6.weight");
  });

  it("knows its own", () => {
    const own = [...backbone, "pool_head.0.0.weight", "projector.0.0.weight", "projector.1.3.weight"];
    expect([...nameCheckpoint(own).names.keys()]).toEqual(own);
  });

  it("asks where there are several, or none", () => {
    const two = [...under("student.", backbone), ...under("teacher.", backbone)];
    expect(() => nameCheckpoint(two)).toThrow(/"student\.", "teacher\."/);
    expect(nameCheckpoint(two, { prefix: "teacher." }).names.get("bn1.weight")).toBe("teacher.bn1.weight");
    expect(() => nameCheckpoint(two, { prefix: "ema." })).toThrow(InvalidOptionError);
    expect(() => nameCheckpoint(["features.0.weight"])).toThrow(/torchvision's names/);
  });
});
