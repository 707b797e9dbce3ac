import { describeAugmentation } from "@blockwise/testing";
import { myPlugin } from "./my-plugin.js";

// One of the tests makes a view in a thread, from what `npm run build` has made.
describeAugmentation({ name: "my-plugin", create: myPlugin, options: { size: 8 } });
describeAugmentation({ name: "my-plugin, grey", create: myPlugin, options: { size: 8, channels: 1 } });
