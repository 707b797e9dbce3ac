import { InvalidOptionError } from "@blockwise/spec";
import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** Says in words what is wrong with a configuration: the first field that is, what it may be, and what it is. */
export function invalidField(
  value: unknown,
  { issues }: z.ZodError,
  documentation = "docs/configuration.md",
): InvalidOptionError {
  const issue = enter(issues);
  if (issue?.code === "unrecognized_keys") {
    const path = [...issue.path, issue.keys[0] ?? ""];
    return new InvalidOptionError({
      option: path.join("."),
      expected: "absent (there is no such option)",
      received: valueAt(value, path),
      hint: `Check its spelling against ${documentation}.`,
    });
  }
  const path = issue?.path ?? [];
  return new InvalidOptionError({
    option: path.join(".") || "configuration",
    expected: issue === undefined ? "valid" : expectation(issue),
    received: valueAt(value, path),
    hint: `See ${documentation}.`,
  });
}

/** The most telling issue; of a union, that of the branch which the value was meant for. */
function enter(issues: readonly Issue[]): Issue | undefined {
  // A name that is misspelt is also missing; the misspelling is what helps.
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  if (issue?.code !== "invalid_union") return issue;
  const [meant] = branchesOf(issue)
    .filter((branch) => branch.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys"))
    .sort((a, b) => ownMistakes(a) - ownMistakes(b));
  if (meant === undefined) return issue;
  return enter(meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
}

/** The branches of a union, with those of unions that are branches themselves. */
function branchesOf({ errors }: Extract<Issue, { code: "invalid_union" }>): readonly Issue[][] {
  return errors.flatMap((branch) => {
    const [only, ...others] = branch;
    const nested = others.length === 0 && only?.code === "invalid_union" && only.path.length === 0;
    return nested && only.errors.length > 0 ? branchesOf(only) : [branch];
  });
}

/** How many of an object's own fields are wrong, missing or too many: the branch that was meant has the fewest. */
function ownMistakes(issues: readonly Issue[]): number {
  return issues.reduce((count, issue) => {
    if (issue.path.length > 1) return count;
    return count + (issue.code === "unrecognized_keys" ? issue.keys.length : 1);
  }, 0);
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return typeNames[issue.expected] ?? issue.expected;
    case "invalid_value":
      return orList(issue.values.map((value) => JSON.stringify(value)));
    case "too_small":
      if (issue.origin === "array") return "a list that is not empty";
      if (issue.origin === "string") return "a text that is not empty";
      return `a number ${issue.inclusive ? "of at least" : "above"} ${issue.minimum}`;
    case "too_big":
      if (issue.origin === "array") return `a list of at most ${issue.maximum}`;
      return `a number ${issue.inclusive ? "of at most" : "below"} ${issue.maximum}`;
    case "invalid_union": {
      if ("options" in issue && Array.isArray(issue.options)) {
        return orList(issue.options.map((option) => JSON.stringify(option)));
      }
      const choices = branchesOf(issue).flatMap((branch) => branch.slice(0, 1).map(expectation));
      return orList([...new Set(choices)]);
    }
    default:
      return `valid (${issue.message})`;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  string: "a text",
};

function orList(choices: readonly string[]): string {
  if (choices.length < 2) return choices.join();
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (current, key) =>
      typeof current === "object" && current !== null ? Reflect.get(current, key) : undefined,
    value,
  );
}
