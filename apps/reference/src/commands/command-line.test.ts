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
});
