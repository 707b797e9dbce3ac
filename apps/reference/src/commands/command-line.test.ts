import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { commandLine } from "./command-line.js";

describe("commandLine", () => {
  it("can be typed as it stands", () => {
    const words = ["train", "--out", "a b", "it's", "$HOME", "runs/x-1", ""];
    const typed = commandLine(words).replace("npm run blockwise --", "printf '%s\\n'");
    expect(execFileSync("sh", ["-c", typed], { encoding: "utf8" })).toBe(`${words.join("\n")}\n`);
    expect(commandLine(["train", "--out", "runs/x-1"])).toBe("npm run blockwise -- train --out runs/x-1");
  });

  it("is the program itself outside of the clone, where npm has no script for it", () => {
    const script = "/home/me/blockwise/apps/reference/dist/cli.js";
    const typed = (folder: string) => commandLine(["evaluate", "run"], { script, folder });
    expect(typed("/home/me/blockwise")).toBe("npm run blockwise -- evaluate run");
    expect(typed("/home/me/my loss")).toBe(`node ${script} evaluate run`);
  });
});
