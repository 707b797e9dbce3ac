import { createEngine } from "@blockwise/engine";
import { describeHead } from "@blockwise/testing";
import { myPlugin } from "./my-plugin.js";

describeHead({ name: "my-plugin", create: myPlugin, options: { scale: 2 }, createEngine });
