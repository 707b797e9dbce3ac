import { describe, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

describe("blockwise engine status", { timeout: 120_000 }, () => {
  it("says which native kernels are loaded, for people and for scripts", async () => {
    const people = await runCli("engine", "status");
    expect(people).toMatchObject({ exitCode: 0, stderr: "" });
    const scripts = await runCli("engine", "status", "--json");
    expect(scripts).toMatchObject({ exitCode: 0, stderr: "" });
    const { native, ...others } = JSON.parse(scripts.stdout);
    expect(Object.keys(others)).toEqual(["node", "node-gpu"]);
    if (native.available) {
      expect(["built", "prebuilt"]).toContain(native.origin);
      expect(people.stdout).toContain(
        `native: works\n  ${native.description}, version ${native.version}, in ${native.file}`,
      );
    } else expect(people.stdout).toContain(`native: ${native.reason} (${native.howToGet})`);
  });
});
