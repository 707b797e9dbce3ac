import type { InitializerV1 } from "@blockwise/spec";

/**
 * N(0, sqrt(2 / (out * kernelSize^2))^2): how torchvision fills the convolutions of its ResNets.
 *
 * @see He et al., "Delving Deep into Rectifiers", 2015, arXiv 1502.01852, section 2.2 (backward case);
 * `torch.nn.init.kaiming_normal_(mode="fan_out", nonlinearity="relu")`.
 */
export function kaimingNormalFanOut(outChannels: number, kernelSize: number): InitializerV1 {
  return { kind: "normal", standardDeviation: Math.sqrt(2 / (outChannels * kernelSize * kernelSize)) };
}

/**
 * U(-1 / sqrt(fanIn), 1 / sqrt(fanIn)): what PyTorch's `Linear` and `Conv2d` start from when nobody says otherwise.
 *
 * @see `torch.nn.Linear.reset_parameters`: `kaiming_uniform_(a=sqrt(5))`.
 */
export function torchDefault(fanIn: number): InitializerV1 {
  return { kind: "uniform", bound: 1 / Math.sqrt(fanIn) };
}
