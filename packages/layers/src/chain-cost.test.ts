import { describe, expect, it } from "vitest";
import { batchNorm } from "./batch-norm.js";
import { chainCost } from "./chain-cost.js";
import { convolution } from "./convolution.js";
import { torchDefault } from "./initializers.js";
import { linear } from "./linear.js";

describe("costs of layers", () => {
  const strided = convolution({
    name: "0",
    inChannels: 3,
    outChannels: 5,
    kernelSize: 3,
    stride: 2,
    padding: 1,
    initializer: torchDefault(27),
  });
  const norm = batchNorm({ name: "1", channels: 5 });

  it("counts a convolution at its output's places, and a linear map once", () => {
    expect(strided.multiplyAdds?.([9, 6, 3])).toBe(5 * 3 * (3 * 3 * 3) * 5);
    expect(strided.activationSize?.([9, 6, 3])).toBe(5 * 3 * 5);
    const map = linear({ name: "0", inputDim: 7, outputDim: 4 });
    expect(map.multiplyAdds?.([7])).toBe(28);
    expect(map.activationSize?.([7])).toBe(4);
  });

  it("sums a chain, each layer at the shape that it is given", () => {
    const cost = chainCost([strided, norm]);
    expect(cost.multiplyAdds([8, 8, 3])).toBe(strided.multiplyAdds?.([8, 8, 3]));
    expect(cost.activationSize([8, 8, 3])).toBe(2 * 4 * 4 * 5);
  });

  it("refuses shapes as the layers do", () => {
    expect(() => chainCost([strided, norm]).multiplyAdds([8, 8, 4])).toThrow(/convolution "0"/);
  });
});
