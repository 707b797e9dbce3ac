import { writeFileSync } from "node:fs";
import { resnet } from "@blockwise/backbone-resnet";
import { perBlock, weightedSum } from "@blockwise/core";
import { createEngine } from "@blockwise/engine";
import { convolutionExpansion, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { crossEntropy } from "@blockwise/loss-cross-entropy";
import { lookAhead } from "@blockwise/loss-look-ahead";
import { simclr } from "@blockwise/loss-simclr";
import { vicreg } from "@blockwise/loss-vicreg";
import { lars } from "@blockwise/optim";
import * as tf from "@tensorflow/tfjs-core";

/** What `tinyRun` is made from, in a thread; `fails` says at which block and step (and in which thread) a loss does what. */
export async function makeTinyNetwork({ loss = "barlow", fails = null, width = 4, units = 1 }, place) {
  if (fails?.how === "setup") throw new Error(`No network for thread ${place.worker} of ${place.workerCount}`);
  const isWhole = fails === null || (fails.worker ?? place.worker) !== place.worker;
  return {
    engine: await createEngine({ name: "wasm" }),
    backbone: resnet({ depth: { unit: "basic", unitCounts: [1, 1, units] }, width, stem: "cifar" }),
    head: convolutionExpansion({ dim: 6 }),
    projector: mlpProjector({ widths: [8, 8] }),
    loss: isWhole ? losses[loss] : failing(losses[loss], fails),
    optimizer: lars({ trustCoefficient: 0.02 }),
    noise: { kind: "all", standardDeviation: 0.25 },
  };
}

const barlow = barlowTwins({ scale: 0.1 });

const losses = {
  barlow,
  labelled: weightedSum([
    { weight: 1, loss: barlow },
    { weight: 0.5, loss: crossEntropy() },
  ]),
  mixed: perBlock([simclr(), vicreg(), crossEntropy()]),
  "look-ahead": perBlock([lookAhead({ loss: barlow }), barlow, barlow]),
};

function failing(loss, { how, block, step, flag }) {
  return {
    ...loss,
    doCompute(input) {
      if (input.site.blockIndex === block && input.step === step) failures[how](flag);
      const result = loss.doCompute(input);
      if (how !== "nan" || input.site.blockIndex !== block || input.step < step) return result;
      return { ...result, total: tf.mul(result.total, Number.NaN) };
    },
  };
}

const failures = {
  throw: () => {
    throw new Error("the loss fell over");
  },
  exit: () => process.exit(3),
  memory: () => {
    const held = [];
    for (;;) held.push(Array.from({ length: 1e5 }, (_, index) => ({ index })));
  },
  sleep: (flag) => {
    writeFileSync(flag, "");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  nan: () => undefined,
};
