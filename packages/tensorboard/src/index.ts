export type { EventImage } from "./encode-event.js";
export { type TensorboardLog, type TensorboardLogOptions, tensorboardLog } from "./tensorboard-log.js";
