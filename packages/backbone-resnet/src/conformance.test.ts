import { createEngine } from "@blockwise/engine";
import { describeBackbone } from "@blockwise/testing";
import { resnet } from "./resnet.js";

describeBackbone({
  name: "a ResNet of basic units",
  create: resnet,
  options: { depth: { unit: "basic", unitCounts: [1, 1] }, width: 4, stem: "cifar" },
  imageSize: [6, 6],
  createEngine,
});

describeBackbone({
  name: "a ResNet of bottleneck units",
  create: resnet,
  options: {
    depth: { unit: "bottleneck", unitCounts: [1, 2] },
    width: 2,
    stem: "imagenet",
    inputChannels: 1,
  },
  imageSize: [17, 16],
  createEngine,
});
