import { quote, type Refusal } from "../refuse.js";
import { storageTypes } from "../storage-types.js";
import { rebuildTensor } from "./rebuild-tensor.js";
import { type GlobalReference, Opaque, PickleDict, PickleTuple, type PickleValue } from "./values.js";

type Rebuild = (args: readonly PickleValue[], refuse: Refusal) => PickleValue;

/** What a call of these comes to. Nothing of Python is run: each is a few lines here. */
const rebuilders: ReadonlyMap<string, Rebuild> = new Map<string, Rebuild>([
  ["collections.OrderedDict", emptyDict],
  ["torch.Size", (args, refuse) => onlyTuple(args, refuse)],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", (args, refuse) => args[0] ?? refuse.malformed("a parameter is empty")],
]);

/** Things without tensors that checkpoints often hold; they are read past. */
const harmless: ReadonlySet<string> = new Set([
  "__builtin__.set",
  "builtins.set",
  "_codecs.encode",
  "collections.Counter",
  "numpy.dtype",
  "numpy.core.multiarray.scalar",
  "numpy._core.multiarray.scalar",
  "torch.device",
]);

const dtypeName = /^torch\.(u?int(8|16|32|64)|b?float(16|32|64)|double|half|long|complex(64|128)|bool)$/;

/** Which names a pickle may use, and what they come to. */
export class Globals {
  readonly #refuse: Refusal;
  readonly #opaque: ReadonlySet<string>;

  constructor(refuse: Refusal, opaque: readonly string[]) {
    this.#refuse = refuse;
    this.#opaque = new Set(opaque);
  }

  /** Lets a name pass. @throws UnsupportedFileError for every one that is not on the list */
  admit(name: string): void {
    if (rebuilders.has(name) || this.#isOpaque(name) || storageTypes.has(name.replace(/^torch\./, "")))
      return;
    this.#refuse.unsupported(
      name,
      `it holds ${quote(name)}, and only plain tensors, numbers, texts, lists and dictionaries are read. ` +
        'Write the weights alone in Python, torch.save(model.state_dict(), path), or list the name in "opaque" to have what it makes read past (nothing of the file is run either way).',
    );
  }

  /** What a call of `target` comes to. */
  call(target: PickleValue, args: PickleValue): PickleValue {
    const name = nameOf(target, this.#refuse);
    if (!(args instanceof PickleTuple)) return this.#refuse.malformed("arguments of a call are no tuple");
    if (this.#isOpaque(name)) return new Opaque(name);
    const rebuild = rebuilders.get(name);
    return rebuild === undefined
      ? this.#refuse.unsupported(name, `it calls ${quote(name)}, which is not for calling.`)
      : rebuild(args.items, this.#refuse);
  }

  #isOpaque(name: string): boolean {
    return harmless.has(name) || dtypeName.test(name) || this.#opaque.has(name);
  }
}

function nameOf(target: PickleValue, refuse: Refusal): string {
  if (target !== null && typeof target === "object" && "name" in target) {
    return (target as GlobalReference | Opaque).name;
  }
  return refuse.malformed("it calls something that is no class or function");
}

/** Python 3 fills a dictionary after making it; a list of items as an argument would cost its length at each call. */
function emptyDict(args: readonly PickleValue[], refuse: Refusal): PickleValue {
  if (args.length > 0)
    return refuse.unsupported(
      "collections.OrderedDict with items as arguments",
      "it holds an OrderedDict as Python 2 writes them. Load and save it again with Python 3.",
    );
  return new PickleDict();
}

function onlyTuple(args: readonly PickleValue[], refuse: Refusal): PickleValue {
  const [sizes] = args;
  return sizes instanceof PickleTuple ? sizes : refuse.malformed("a torch.Size has no tuple of sizes");
}
