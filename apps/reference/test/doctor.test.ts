import { describe, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

describe("blockwise doctor", { timeout: 120_000 }, () => {
  it("names all engines, for people and for scripts", async () => {
    const people = await runCli("doctor");
    expect(people).toMatchObject({ exitCode: 0, stderr: "" });
    const scripts = await runCli("doctor", "--json");
    expect(scripts).toMatchObject({ exitCode: 0, stderr: "" });
    const report = JSON.parse(scripts.stdout);
    const names = report.engines.map(({ name }: { name: string }) => name);
    expect([...names].sort()).toEqual(["cpu", "native", "node", "node-gpu", "wasm", "webgpu"]);
    for (const name of names)
      expect(people.stdout).toMatch(new RegExp(`^  ${name} +(not )?available: `, "m"));
    expect(people.stdout).toContain(`Picked by --engine auto: ${report.automatic.name}, since `);
    const picked = report.engines.find(({ name }: { name: string }) => name === report.automatic.name);
    expect(picked.available).toBe(true);
  });
});
