import { describe, expect, it } from "vitest";
import { expandSweep } from "./expand-sweep.js";
import { parseSweep, type SweepFile } from "./sweep-file.js";

const losses = {
  "Barlow Twins": {},
  SimCLR: { loss: { kind: "simclr", temperature: 0.2 } },
};
const heads = { CbE: {}, GSP: { head: { kind: "global-pool" } } };

function sweep(fields: Partial<Record<keyof SweepFile, unknown>>): SweepFile {
  return parseSweep({ title: "Test", preset: "smoke", axes: { loss: losses }, ...fields });
}

describe("expandSweep", () => {
  it("makes a row of every combination, in the order of the file", () => {
    const { rows } = expandSweep(sweep({ axes: { loss: losses, head: heads } }), {});
    expect(rows.map(({ name }) => name)).toEqual([
      "Barlow Twins, CbE",
      "Barlow Twins, GSP",
      "SimCLR, CbE",
      "SimCLR, GSP",
    ]);
    expect(rows[3]?.options).toEqual({ loss: "SimCLR", head: "GSP" });
    expect(rows[3]?.networks[0]?.config).toMatchObject({
      loss: { kind: "simclr" },
      head: { kind: "global-pool" },
    });
  });

  it("has a network for every seed, and puts options over what all have in common, and flags over options", () => {
    const common = sweep({ seeds: [3, 4], config: { epochs: 7, batchSize: 32 } });
    const { rows } = expandSweep(common, { batchSize: 16 });
    expect(rows[0]?.networks.map(({ config }) => [config.seed, config.epochs, config.batchSize])).toEqual([
      [3, 7, 16],
      [4, 7, 16],
    ]);
  });

  it("shares networks that are the same: random weights among losses, but not among heads", () => {
    const randomOf = (file: SweepFile) =>
      expandSweep(file, {}).rows.map(({ controls }) => controls.random?.[0]?.folder);
    const amongLosses = randomOf(sweep({}));
    expect(amongLosses[0]).toBe(amongLosses[1]);
    const partitions = { stages: {}, units: { partition: "units" } };
    const amongPartitions = randomOf(sweep({ axes: { partition: partitions } }));
    expect(amongPartitions[0]).toBe(amongPartitions[1]);
    const amongHeads = randomOf(sweep({ axes: { head: heads } }));
    expect(amongHeads[0]).not.toBe(amongHeads[1]);
  });

  it("takes a row that is its own control once", () => {
    const { rows, networks } = expandSweep(
      sweep({
        axes: { blocks: { one: { partition: "end-to-end" }, four: {} } },
        controls: ["end-to-end"],
      }),
      {},
    );
    expect(networks).toHaveLength(2);
    expect(rows[0]?.controls["end-to-end"]).toEqual(rows[0]?.networks);
    expect(rows[1]?.controls["end-to-end"]).toEqual(rows[0]?.networks);
  });

  it("names folders by their configuration alone, so that a longer sweep finds what a shorter one has done", () => {
    const short = expandSweep(sweep({}), {}).networks.map(({ folder }) => folder);
    const long = expandSweep(sweep({ seeds: [0, 1] }), {}).networks.map(({ folder }) => folder);
    expect(long).toEqual(expect.arrayContaining(short));
    expect(new Set(long).size).toBe(long.length);
  });

  it("says in which row a field is wrong", () => {
    const wrong = sweep({
      axes: { loss: { ...losses, broken: { loss: { kind: "simclr", temperature: -1 } } } },
    });
    expect(() => expandSweep(wrong, {})).toThrow(/loss\.temperature.*-1.*row "broken"/);
  });
});

describe("parseSweep", () => {
  it.each([
    [{ title: "x" }, "axes"],
    [{ title: "x", axes: { loss: {} } }, "axes.loss"],
    [{ title: "x", axes: {}, seeds: [1, 1] }, "seeds"],
    // A million rows.
    [
      {
        title: "x",
        axes: Object.fromEntries(
          Array.from("abcdef", (axis) => [
            axis,
            Object.fromEntries(Array.from("0123456789", (o) => [o, {}])),
          ]),
        ),
      },
      "axes",
    ],
    [{ title: "x", axes: {}, seeds: [-1] }, "seeds.0"],
    [{ title: "x", axes: {}, contrls: [] }, "contrls"],
    [{ title: "x", axes: {}, preset: "huge" }, "preset"],
  ])("refuses %j by the name of its field", (value, option) => {
    expect(() => parseSweep(value)).toThrow(expect.objectContaining({ option }));
  });
});
