import { describeAugmentation } from "@blockwise/testing";
import { barlowTwinsViews } from "./barlow-twins-views.js";
import { evaluationView } from "./evaluation-view.js";
import { trainCropView } from "./train-crop-view.js";

describeAugmentation({ name: "the views of Barlow Twins", create: barlowTwinsViews, options: { size: 16 } });
describeAugmentation({
  name: "grey views of Barlow Twins",
  create: barlowTwinsViews,
  options: { size: 16, channels: 1, blur: [0.5, 0.5], mean: [0.5], std: [0.25] },
});
describeAugmentation({
  name: "the view for training a classifier",
  create: trainCropView,
  options: { size: 16 },
});
describeAugmentation({ name: "the view for evaluation", create: evaluationView, options: { size: 16 } });
