import { globalPool } from "@blockwise/heads";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyConfig } from "../../test/tiny-config.js";
import { loadConfig } from "../config/load-config.js";
import { openNetwork } from "../run/open-network.js";
import { type OpenedRun, openRun } from "../run/open-run.js";
import { createFineTuner } from "./fine-tuner.js";
import { classificationViews } from "./linear-settings.js";

const settings = {
  epochs: 1,
  batchSize: 16,
  backboneLearningRate: 0.01,
  classifierLearningRate: 0.1,
  momentum: 0.9,
  weightDecay: 0,
  minimumScale: 0.5,
  cropFraction: 1,
};

/** A network at its random weights, which are as good as any to train on from. */
async function openTiny(fineTune: Record<string, unknown>): Promise<OpenedRun> {
  const { data, ...rest } = tinyConfig;
  const flags = {
    ...rest,
    data: { ...data, dataset: "mnist-digits", maxTrainImages: 48 },
    epochs: 0,
    evaluation: { ...rest.evaluation, fineTune },
  };
  const config = await loadConfig({ preset: "smoke", file: null, flags });
  const locations = { mirror: null, cache: null, offline: true };
  return openRun(config, () => undefined, locations);
}

let run: OpenedRun;
beforeAll(async () => {
  run = await openTiny({ after: "layer3", features: "head" });
}, 60_000);

const open = async (opened: OpenedRun) => openNetwork(opened, "no folder is read");

describe("createFineTuner", () => {
  it("starts from the run's weights, moves every parameter of the backbone, and leaves the run's own", async () => {
    const network = await open(run);
    const { training } = classificationViews(run, settings);
    const { trainer, cut, stepsPerEpoch } = createFineTuner({
      run,
      network,
      train: run.data.train,
      views: training,
      settings,
    });
    expect([cut.after, stepsPerEpoch]).toEqual(["layer3", 3]);
    const names = Object.keys(trainer.network.tensors().parameters);
    expect(names.filter((name) => name.startsWith("layer4."))).toEqual([]);
    const valuesOf = (owner: typeof network, name: string): number[] => [
      ...(owner.tensors().parameters[name]?.dataSync() ?? []),
    ];
    const own = names.filter((name) => !name.startsWith("loss."));
    expect(own).toContain("conv1.weight");
    expect(own).toContain("pool_head.0.0.weight");
    const before = new Map(own.map((name) => [name, valuesOf(network, cut.nameIn(name))]));
    for (const name of own) expect(valuesOf(trainer.network, name), name).toEqual(before.get(name));
    expect(valuesOf(trainer.network, "loss.0.classifier.bias")).toEqual(new Array(10).fill(0));

    await trainer.run();
    for (const name of own) {
      expect(valuesOf(trainer.network, name), name).not.toEqual(before.get(name));
      expect(valuesOf(network, cut.nameIn(name)), name).toEqual(before.get(name));
    }
    trainer.dispose();
    network.dispose();
  }, 60_000);

  it("gives backbone and classifier rates of their own", async () => {
    const network = await open(run);
    const { training: views } = classificationViews(run, settings);
    const slow = { ...settings, backboneLearningRate: 1e-30 };
    const options = { run, network, train: run.data.train, views, settings: slow };
    const { trainer, cut } = createFineTuner(options);
    const start = [...(trainer.network.tensors().parameters["loss.0.classifier.weight"]?.dataSync() ?? [])];
    await trainer.run();
    const { parameters } = trainer.network.tensors();
    const stem = network.tensors().parameters[cut.nameIn("conv1.weight")];
    expect(parameters["conv1.weight"]?.dataSync()).toEqual(stem?.dataSync());
    expect([...(parameters["loss.0.classifier.weight"]?.dataSync() ?? [])]).not.toEqual(start);
    trainer.dispose();
    network.dispose();
  }, 60_000);

  it("refuses a stage that the network does not have, and a head that was never trained", async () => {
    const refuse = async (changes: object, partition: "stages" | "end-to-end", message: RegExp) => {
      const { config } = run;
      const fineTune = { ...config.evaluation.fineTune, ...changes };
      const changed = {
        ...run,
        config: { ...config, partition, evaluation: { ...config.evaluation, fineTune } },
      };
      const network = await open({ ...changed, plugins: { ...run.plugins, head: globalPool() } });
      const { training: views } = classificationViews(run, settings);
      const options = { run: changed, network, train: run.data.train, views, settings };
      expect(() => createFineTuner(options)).toThrow(message);
      network.dispose();
    };
    await refuse({ after: "layer9" }, "stages", /"evaluation.fineTune.after" must be null or one of layer1/);
    await refuse(
      { after: "layer2" },
      "end-to-end",
      /"evaluation.fineTune.features" must be "raw" after layer2/,
    );
  }, 60_000);
});
