import { createEngine } from "@blockwise/engine";
import { describeEvaluator } from "@blockwise/testing";
import { myPlugin } from "./my-plugin.js";

describeEvaluator({ name: "my-plugin", create: myPlugin, createEngine });
