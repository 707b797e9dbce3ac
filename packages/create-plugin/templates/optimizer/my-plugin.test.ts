import { createEngine } from "@blockwise/engine";
import { describeOptimizer } from "@blockwise/testing";
import { myPlugin } from "./my-plugin.js";

describeOptimizer({ name: "my-plugin", create: myPlugin, createEngine });
