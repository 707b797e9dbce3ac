import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { launchBrowser } from "@blockwise/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { runCli, startCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const launched = await launchBrowser();
const title = launched.browser ? "in a browser" : `in a browser: ${launched.reason}`;
const folder = temporaryFolder();
const run = join(folder, "run");
const config = join(folder, "watched.json");

beforeAll(async () => {
  await writeDigits(join(folder, "digits"), { count: 130, classes: true });
  const online = { everySteps: 5, learningRate: 0.1, trainImages: 40, testImages: 10 };
  const evaluation = { ...tinyConfig.evaluation, online };
  await writeFile(
    config,
    JSON.stringify({ ...tinyConfig, epochs: 50, maxSteps: 300, evaluation, meters: { everySteps: 5 } }),
  );
}, 60_000);
afterAll(() => launched.browser?.close());

function addressIn(text: string): string {
  const address = /http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\//.exec(text)?.[0];
  if (address === undefined) throw new Error(`There is no address in: ${text}`);
  return address;
}

const training = ["train", "--preset", "smoke", "--config", config, "--data", join(folder, "digits")];

describe("blockwise watch", { timeout: 300_000 }, () => {
  describe.skipIf(launched.browser === undefined)(title, () => {
    it("shows a run that trains, and ends with it", async () => {
      let output = "";
      const command = startCli(...training, "--watch", "--json", "--out", run);
      command.process.stdout?.on("data", (text: string) => {
        output += text;
      });
      await command.printed('"step":3,');
      const address = addressIn(output);
      const page = await launched.browser?.newPage();
      if (page === undefined) throw new Error("The browser is gone.");
      const complaints: string[] = [];
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      await page.goto(address);
      const status = page.locator("#part-status");
      expect(await status.textContent()).toContain("training");
      const step = async (): Promise<number> =>
        Number(/step (\d+) of 300/.exec((await status.textContent()) ?? "")?.[1] ?? Number.NaN);
      const first = await step();
      await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(first);
      expect(complaints).toEqual([]);
      command.process.kill("SIGINT");
      expect((await command.ended).exitCode).toBe(130);
      await expect
        .poll(
          () =>
            fetch(address).then(
              () => "there",
              () => "gone",
            ),
          { timeout: 10_000 },
        )
        .toBe("gone");
      await page.close();
    });

    it("shows it when it is finished, with all that was recorded", async () => {
      const out = join(folder, "finished");
      const short = [...training, "--max-steps", "12", "--quiet", "--out", out];
      expect(await runCli(...short)).toMatchObject({ exitCode: 0 });
      expect(await runCli("evaluate", out, "--quiet")).toMatchObject({ exitCode: 0 });
      const command = startCli("watch", out, "--json");
      let output = "";
      command.process.stdout?.on("data", (text: string) => {
        output += text;
      });
      await command.printed("\n");
      const page = await launched.browser?.newPage();
      if (page === undefined) throw new Error("The browser is gone.");
      await page.goto(addressIn(output));
      const text = (await page.textContent("main")) ?? "";
      for (const shown of [
        "finished",
        "step 12 of 12",
        "Loss by block",
        "Terms of the loss, layer4",
        "Accuracy while training",
        "Nearest neighbours",
        "Map of the features",
        "Effective rank",
        "Images a second",
        "Memory",
        "What the network sees",
        "Scores of the trained network",
        "batchSize",
      ]) {
        expect(text).toContain(shown);
      }
      await page.waitForLoadState("networkidle");
      const broken = "[...document.images].filter((image) => image.naturalWidth === 0).length";
      expect(await page.evaluate(broken)).toBe(0);
      expect(await page.locator(".panel svg").count()).toBe(4);
      expect(await page.evaluate("document.images.length")).toBe(16);
      await page.close();
      command.process.kill("SIGINT");
      expect((await command.ended).exitCode).toBe(0);
    });
  });

  it("refuses a port that is taken, and words that are none", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    for (const [text, expected] of [
      [String(port), "a port that no other program listens on"],
      ["http", "a whole number up to 65535"],
      ["70000", "a whole number up to 65535"],
    ] as const) {
      const end = await runCli("watch", run, "--port", text);
      expect(end.exitCode).toBe(2);
      expect(end.stderr).toContain("BLOCKWISE_INVALID_OPTION");
      expect(end.stderr).toContain(expected);
    }
    other.close();
  });
});
