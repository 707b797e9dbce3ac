import { createEngine } from "@blockwise/engine";
import { describeProjector } from "@blockwise/testing";
import { myPlugin } from "./my-plugin.js";

describeProjector({ name: "my-plugin", create: myPlugin, options: { scale: 2 }, createEngine });
