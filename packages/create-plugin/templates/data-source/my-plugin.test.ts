import { describeDataSource } from "@blockwise/testing";
import { myPlugin } from "./my-plugin.js";

describeDataSource({ name: "my-plugin", create: () => myPlugin({ size: 9 }) });
