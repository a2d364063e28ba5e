/** Writes pickles of protocol 2, the one that `torch.save` writes and `weights_only` reads. */
import { ArgumentError } from '../../errors.js';
import { ByteWriter } from './byte-writer.js';
import { Op } from './opcodes.js';

/** A global of Python, by module and name. */
export interface PythonGlobal {
  readonly module: string;
  readonly name: string;
}

export interface PickleHooks {
  /**
   * Writes values that are no plain data with {@link Pickler.reduce} and returns true; false leaves the
   * value to the pickler.
   */
  special(value: object, pickler: Pickler, path: string): boolean;
}

/** As Python's own recursion limit: deeper nesting could not be read there. */
const maxDepth = 900;

/** UTF-8 in which a lone surrogate, which JavaScript allows, has its three bytes, as Python writes it. */
function encodeText(text: string): Uint8Array {
  if (!/\p{Surrogate}/u.test(text)) return Buffer.from(text, 'utf8');
  const parts: Uint8Array[] = [];
  for (const char of text) {
    const code = char.codePointAt(0)!;
    const lone = code >= 0xd800 && code <= 0xdfff;
    parts.push(
      lone
        ? Uint8Array.of(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
        : Buffer.from(char, 'utf8'),
    );
  }
  return Buffer.concat(parts);
}

function describe(value: unknown): string {
  if (typeof value === 'function') return `the function or module ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null)
    return `a ${value.constructor?.name ?? 'value of an unknown class'}`;
  return typeof value === 'symbol' ? 'a symbol' : String(value);
}

export class Pickler {
  private readonly out = new ByteWriter();
  private readonly memo = new Map<unknown, number>();
  private readonly globals = new Map<string, number>();
  private readonly open = new Set<object>();
  private memoized = 0;

  constructor(private readonly hooks: PickleHooks) {}

  /** The pickle of a value. `name` is how messages call it. */
  dump(value: unknown, name = 'value'): Uint8Array {
    this.out.uint8(Op.PROTO).uint8(2);
    this.write(value, name);
    return this.out.uint8(Op.STOP).finish();
  }

  /**
   * Writes any value.
   *
   * @throws ArgumentError for what a file cannot hold, naming where it is.
   */
  write(value: unknown, path: string): void {
    if (value === null) this.out.uint8(Op.NONE);
    else if (typeof value === 'boolean') this.out.uint8(value ? Op.NEWTRUE : Op.NEWFALSE);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'bigint') this.integer(value);
    else if (typeof value === 'string') this.string(value);
    else if (typeof value === 'object') this.object(value, path);
    else
      throw new ArgumentError(
        `torch.save cannot write ${path}: it is ${describe(value)}. Files hold tensors, numbers, strings, booleans, null, ` +
          `arrays, Maps, Sets and plain objects${typeof value === 'function' ? '; of a module save model.stateDict()' : ''}`,
      );
  }

  /** `global(*args)`; `args` writes each argument. */
  reduce(global: PythonGlobal, args: readonly (() => void)[]): void {
    this.global(global);
    this.tuple(args);
    this.out.uint8(Op.REDUCE);
  }

  /** An empty `OrderedDict`, which stands for a tensor's hooks. */
  emptyOrderedDict(): void {
    this.reduce({ module: 'collections', name: 'OrderedDict' }, []);
  }

  /** A persistent id of these parts. */
  persistent(parts: readonly (() => void)[]): void {
    this.tuple(parts);
    this.out.uint8(Op.BINPERSID);
  }

  global({ module, name }: PythonGlobal): void {
    const key = `global ${module} ${name}`;
    if (this.recall(this.globals.get(key))) return;
    this.out.uint8(Op.GLOBAL).ascii(`${module}\n${name}\n`);
    this.globals.set(key, this.remember());
  }

  tuple(items: readonly (() => void)[]): void {
    const short = [Op.EMPTY_TUPLE, Op.TUPLE1, Op.TUPLE2, Op.TUPLE3];
    if (items.length > 3) this.out.uint8(Op.MARK);
    for (const item of items) item();
    this.out.uint8(short[items.length] ?? Op.TUPLE);
  }

  string(value: string): void {
    if (this.recall(this.memo.get(value))) return;
    const bytes = encodeText(value);
    this.out.uint8(Op.BINUNICODE).uint32(bytes.length).raw(bytes);
    this.memo.set(value, this.remember());
  }

  /** A whole number is an `int`, any other a `float`; so is one beyond 2^53, as bigints are there for those. */
  private number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) this.float(value);
    else if (value >= 0 && value < 2 ** 8) this.out.uint8(Op.BININT1).uint8(value);
    else if (value >= 0 && value < 2 ** 16) this.out.uint8(Op.BININT2).uint16(value);
    else if (value >= -(2 ** 31) && value < 2 ** 31) this.out.uint8(Op.BININT).int32(value);
    else this.long(BigInt(value));
  }

  /** A number as `float`, whatever its value. */
  float(value: number): void {
    this.out.uint8(Op.BINFLOAT).float64(value);
  }

  /** A bigint: always an `int`. */
  integer(value: bigint): void {
    if (value >= -(2n ** 31n) && value < 2n ** 31n) this.number(Number(value));
    else this.long(value);
  }

  private long(value: bigint): void {
    let length = 1;
    while (BigInt.asIntN(length * 8, value) !== value) length++;
    if (length > 255)
      throw new ArgumentError(`torch.save cannot write a bigint of ${length} bytes; 255 are the most`);
    this.out.uint8(Op.LONG1).uint8(length);
    for (let i = 0; i < length; i++) this.out.uint8(Number((value >> BigInt(8 * i)) & 0xffn));
  }

  private recall(at: number | undefined): boolean {
    if (at === undefined) return false;
    if (at < 256) this.out.uint8(Op.BINGET).uint8(at);
    else this.out.uint8(Op.LONG_BINGET).uint32(at);
    return true;
  }

  private remember(): number {
    const at = this.memoized++;
    if (at < 256) this.out.uint8(Op.BINPUT).uint8(at);
    else this.out.uint8(Op.LONG_BINPUT).uint32(at);
    return at;
  }

  private object(value: object, path: string): void {
    if (this.recall(this.memo.get(value))) return;
    if (this.open.has(value)) throw new ArgumentError(`torch.save cannot write ${path}: it contains itself`);
    if (this.open.size >= maxDepth)
      throw new ArgumentError(`torch.save cannot write a value nested ${maxDepth} levels deep`);
    this.open.add(value);
    if (Array.isArray(value)) this.list(value, path);
    else if (value instanceof Map) this.dict([...value], path);
    else if (value instanceof Set) this.set(value, path);
    else if (value instanceof Uint8Array) this.bytes(value);
    else if (!this.hooks.special(value, this, path)) this.plain(value, path);
    this.open.delete(value);
    this.memo.set(value, this.remember());
  }

  private list(value: readonly unknown[], path: string): void {
    this.out.uint8(Op.EMPTY_LIST);
    if (value.length === 0) return;
    this.out.uint8(Op.MARK);
    for (let i = 0; i < value.length; i++) this.write(value[i], `${path}[${i}]`);
    this.out.uint8(Op.APPENDS);
  }

  private dict(entries: readonly (readonly [unknown, unknown])[], path: string): void {
    this.out.uint8(Op.EMPTY_DICT);
    if (entries.length === 0) return;
    this.out.uint8(Op.MARK);
    for (const [key, value] of entries) {
      this.key(key, path);
      this.write(value, typeof key === 'string' ? `${path}.${key}` : `${path}[${String(key)}]`);
    }
    this.out.uint8(Op.SETITEMS);
  }

  /** A dict's key or a set's member: Python takes only what does not change, so an array is a tuple. */
  private key(value: unknown, path: string): void {
    if (Array.isArray(value)) this.tuple(value.map((item) => () => this.key(item, path)));
    else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array))
      throw new ArgumentError(
        `torch.save cannot write ${path}: ${describe(value)} as a key; keys are strings, numbers, booleans, null or arrays of them`,
      );
    else this.write(value, `a key of ${path}`);
  }

  private set(value: ReadonlySet<unknown>, path: string): void {
    this.reduce({ module: '__builtin__', name: 'set' }, [
      () => {
        this.out.uint8(Op.EMPTY_LIST);
        if (value.size === 0) return;
        this.out.uint8(Op.MARK);
        for (const item of value) this.key(item, path);
        this.out.uint8(Op.APPENDS);
      },
    ]);
  }

  private bytes(value: Uint8Array): void {
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
    this.reduce({ module: '_codecs', name: 'encode' }, [
      () => this.string(text),
      () => this.string('latin1'),
    ]);
  }

  private plain(value: object, path: string): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype)
      throw new ArgumentError(
        `torch.save cannot write ${path}: it is ${describe(value)}, and Python would not know the class. Files hold tensors, ` +
          'numbers, strings, booleans, null, arrays, Maps, Sets, Uint8Arrays and plain objects',
      );
    this.dict(Object.entries(value), path);
  }
}
