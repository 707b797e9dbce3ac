import { quote, type Refusal } from "../refuse.js";
import { storageTypes } from "../storage-types.js";
import { ByteCursor } from "./byte-cursor.js";
import { Globals } from "./globals.js";
import { isCount } from "./rebuild-tensor.js";
import { ValueStack } from "./value-stack.js";
import {
  GlobalReference,
  Opaque,
  PickleDict,
  PickleList,
  PickleTuple,
  type PickleValue,
  StorageReference,
} from "./values.js";

const newestProtocol = 5;

/** What one operation code does. */
type Operation = (machine: PickleMachine) => void;

/**
 * Reads a pickle as data: the operation codes that `torch.save` writes, and of classes and functions only the names in
 * `globals.ts`. Each byte is looked at once and each operation costs what it reads, so that time and memory are bounded
 * by the pickle's size.
 *
 * @param opaque names of further classes and functions whose results are read past
 * @see https://docs.python.org/3/library/pickletools.html
 * @throws MalformedFileError, UnsupportedFileError
 */
export function readPickle(bytes: Uint8Array, refuse: Refusal, opaque: readonly string[]): PickleValue {
  const machine = new PickleMachine(bytes, refuse, new Globals(refuse, opaque));
  for (;;) {
    const code = machine.cursor.uint8();
    if (code === stop) return machine.result();
    const operation = operations.get(code);
    if (operation === undefined) {
      return refuse.unsupported(
        `pickle operation 0x${code.toString(16).padStart(2, "0")}`,
        `its pickle has the operation 0x${code.toString(16).padStart(2, "0")} at byte ${machine.cursor.position - 1}, which torch.save does not write.`,
      );
    }
    operation(machine);
  }
}

class PickleMachine {
  readonly cursor: ByteCursor;
  readonly stack: ValueStack;
  readonly globals: Globals;
  readonly refuse: Refusal;
  // A map, since the indices are the file's: an array would be as long as the largest of them.
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Uint8Array, refuse: Refusal, globals: Globals) {
    this.cursor = new ByteCursor(bytes, refuse);
    this.stack = new ValueStack(refuse);
    this.globals = globals;
    this.refuse = refuse;
  }

  result(): PickleValue {
    const value = this.stack.pop();
    return this.stack.size === 0 ? value : this.refuse.malformed("its pickle ends with values left over");
  }

  requireProtocol(): void {
    const protocol = this.cursor.uint8();
    if (protocol < 2 || protocol > newestProtocol)
      this.refuse.malformed(`its pickle has protocol ${protocol}`);
  }

  put(index: number): void {
    this.#memo.set(index, this.stack.peek());
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) this.refuse.malformed(`its pickle asks for value ${index} before it is there`);
    else this.stack.push(value);
  }

  pushGlobal(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string")
      this.refuse.malformed("a class in its pickle is not named by texts");
    const full = `${module}.${name}`;
    this.globals.admit(full);
    this.stack.push(new GlobalReference(full));
  }

  call(): void {
    const args = this.stack.pop();
    this.stack.push(this.globals.call(this.stack.pop(), args));
  }

  /** Attributes: those of state dictionaries are versions of modules, and opaque things stay so. */
  build(): void {
    this.stack.pop();
    const target = this.stack.peek();
    if (!(target instanceof PickleDict || target instanceof Opaque))
      this.refuse.malformed("attributes are given to something that has none");
  }

  append(items: readonly PickleValue[]): void {
    const target = this.stack.peek();
    if (target instanceof Opaque) return;
    if (!(target instanceof PickleList)) this.refuse.malformed("items are added to what is no list");
    for (const item of items) target.items.push(item);
  }

  setItems(pairs: readonly PickleValue[]): void {
    const target = this.stack.peek();
    if (pairs.length % 2 !== 0) this.refuse.malformed("a key of a dictionary has no value");
    if (target instanceof Opaque) return;
    if (!(target instanceof PickleDict)) this.refuse.malformed("items are set in what is no dictionary");
    for (let index = 0; index < pairs.length; index += 2)
      target.entries.set(pairs[index] as PickleValue, pairs[index + 1] as PickleValue);
  }

  /** `("storage", <class>, <key>, <device>, <length>)` */
  pushStorage(): void {
    const identity = this.stack.pop();
    const [kind, type, key, , length] = identity instanceof PickleTuple ? identity.items : [];
    if (
      kind !== "storage" ||
      !(type instanceof GlobalReference) ||
      typeof key !== "string" ||
      !isCount(length)
    )
      this.refuse.malformed("a storage has no valid description");
    const known = storageTypes.get(type.name.replace(/^torch\./, ""));
    if (known === undefined)
      this.refuse.unsupported(type.name, `it holds values of the kind ${quote(type.name)}.`);
    this.stack.push(new StorageReference(key, known, length));
  }
}

const stop = 0x2e;

const operations: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [0x80, (machine) => machine.requireProtocol()],
  [0x95, ({ cursor }) => cursor.skip(8)], // FRAME: a hint for buffers
  [0x4e, ({ stack }) => stack.push(null)],
  [0x88, ({ stack }) => stack.push(true)],
  [0x89, ({ stack }) => stack.push(false)],
  [0x4a, ({ stack, cursor }) => stack.push(cursor.int32())],
  [0x4b, ({ stack, cursor }) => stack.push(cursor.uint8())],
  [0x4d, ({ stack, cursor }) => stack.push(cursor.uint16())],
  [0x8a, ({ stack, cursor }) => stack.push(cursor.long(cursor.uint8()))],
  [0x47, ({ stack, cursor }) => stack.push(cursor.float64())],
  [0x58, ({ stack, cursor }) => stack.push(cursor.text(cursor.uint32()))],
  [0x8c, ({ stack, cursor }) => stack.push(cursor.text(cursor.uint8()))],
  [0x43, (machine) => pushBytes(machine, machine.cursor.uint8())],
  [0x42, (machine) => pushBytes(machine, machine.cursor.uint32())],
  [0x7d, ({ stack }) => stack.push(new PickleDict())],
  [0x5d, ({ stack }) => stack.push(new PickleList())],
  [0x29, ({ stack }) => stack.push(new PickleTuple([]))],
  [0x8f, ({ stack }) => stack.push(new Opaque("set"))],
  [0x28, ({ stack }) => stack.mark()],
  [0x85, ({ stack }) => stack.push(new PickleTuple(stack.popMany(1)))],
  [0x86, ({ stack }) => stack.push(new PickleTuple(stack.popMany(2)))],
  [0x87, ({ stack }) => stack.push(new PickleTuple(stack.popMany(3)))],
  [0x74, ({ stack }) => stack.push(new PickleTuple(stack.popToMark()))],
  [0x61, (machine) => machine.append(machine.stack.popMany(1))],
  [0x65, (machine) => machine.append(machine.stack.popToMark())],
  [0x90, (machine) => machine.append(machine.stack.popToMark())], // ADDITEMS of sets
  [0x73, (machine) => machine.setItems(machine.stack.popMany(2))],
  [0x75, (machine) => machine.setItems(machine.stack.popToMark())],
  [0x71, (machine) => machine.put(machine.cursor.uint8())],
  [0x72, (machine) => machine.put(machine.cursor.uint32())],
  [0x94, (machine) => machine.memoize()],
  [0x68, (machine) => machine.get(machine.cursor.uint8())],
  [0x6a, (machine) => machine.get(machine.cursor.uint32())],
  [0x63, (machine) => machine.pushGlobal(machine.cursor.line(), machine.cursor.line())],
  [0x93, (machine) => machine.pushGlobal(...(machine.stack.popMany(2) as [PickleValue, PickleValue]))],
  [0x52, (machine) => machine.call()], // REDUCE
  [0x81, (machine) => machine.call()], // NEWOBJ
  [0x62, (machine) => machine.build()],
  [0x51, (machine) => machine.pushStorage()],
]);

function pushBytes({ stack, cursor }: PickleMachine, byteCount: number): void {
  cursor.skip(byteCount);
  stack.push(new Opaque("bytes"));
}
