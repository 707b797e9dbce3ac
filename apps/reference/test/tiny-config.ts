/** A network and an evaluation that take a second: everything else is as in the preset. */
export const tinyConfig = {
  data: { imageSize: 16, maxTrainImages: 96 },
  network: { width: 2 },
  head: { kind: "convolution-expansion", dim: 8 },
  projector: { widths: [16, 16] },
  batchSize: 16,
  workers: 0,
  checkpoints: { everySteps: 20, keep: 100 },
  evaluation: { maxTrainImages: 100, maxTestImages: 50, probeEpochs: 2, neighbors: 5 },
};
