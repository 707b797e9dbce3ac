import type { EngineReport, EngineStatus } from "@blockwise/engine";
import type { Command } from "commander";

/** `blockwise doctor`: says which engines are there. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("Say which engines are there, which is picked, and how to get a faster one.")
    .option("--json", "one JSON object on standard output")
    .action(async ({ json }: { readonly json?: true }) => {
      const { inspectEngines } = await import("@blockwise/engine");
      const report = await inspectEngines();
      const node = `Node ${process.versions.node}, ${process.platform} ${process.arch}`;
      console.log(json ? JSON.stringify({ node, ...report }) : formatDoctor(node, report));
    });
}

/** The report for people: a paragraph an engine, then what `--engine auto` takes. */
export function formatDoctor(node: string, { engines, automatic }: EngineReport): string {
  const width = Math.max(...engines.map(({ name }) => name.length));
  const indent = " ".repeat(2 + width + 2);
  const paragraphs = engines.map((engine) =>
    describeEngine(engine)
      .map((line, index) => (index === 0 ? `  ${engine.name.padEnd(width)}  ${line}` : `${indent}${line}`))
      .join("\n"),
  );
  return [
    node,
    "",
    "Engines:",
    ...paragraphs,
    "",
    `Picked by --engine auto: ${automatic.name}, since ${automatic.reason}.`,
  ].join("\n");
}

function describeEngine(engine: EngineStatus): readonly string[] {
  const { available, version, threads, memoryLimitBytes, detail, howToGet } = engine;
  const limits = [
    ...(version === null ? [] : [`version ${version}`]),
    ...(threads === null ? [] : [`${threads} ${threads === 1 ? "thread" : "threads"}`]),
    memoryLimitBytes === null
      ? "memory as the system allows"
      : `at most ${(memoryLimitBytes / 2 ** 30).toFixed(1)} GiB for tensors`,
  ];
  if (available) return [`available: ${detail}`, limits.join(", ")];
  return [`not available: ${detail}`, ...(howToGet === null ? [] : [`to get it: ${howToGet}`])];
}
