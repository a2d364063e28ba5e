import { FileFormatError, TorchError, UnsafeFileError } from '../../errors.js';
import { ByteReader } from './byte-reader.js';
import { Op, opcodeName } from './opcodes.js';
import { OperandStack } from './operand-stack.js';
import { frozen, isHashable, isList, isTuple, PickleClass, tuple } from './pickle-values.js';
import { plainDicts } from './plain-dicts.js';
import { decodeRawUnicodeEscape, unquote } from './text-strings.js';

export { isTuple, PickleClass };

export interface UnpickleOptions {
  /**
   * The allow-list: gives the value of a global (a {@link PickleClass} if it may be called, or any
   * constant), `undefined` to refuse the file with {@link UnsafeFileError}.
   */
  resolveGlobal: (module: string, name: string) => unknown;
  /** Resolves a persistent id (BINPERSID); without it such an id is refused. */
  persistentLoad?: (id: unknown) => unknown;
  /** How 8-bit strings of Python 2 are read. Default `'utf8'`; `'bytes'` gives `Uint8Array`. */
  encoding?: 'utf8' | 'latin1' | 'bytes';
  /** `'plain'` (default): dicts with string keys become objects without prototype, else `'map'`. */
  dicts?: 'plain' | 'map';
  /** The file's name in messages. Default `'the data'`. */
  name?: string;
  /** Most entries of the memo and of the stack. Default 2^24 each. */
  maxEntries?: number;
  /** Refuses every other opcode. Default: all of protocols 0 to 5. */
  opcodes?: ReadonlySet<number>;
}

/**
 * Reads a pickle (protocols 0 to 5) with an allow-list: only data opcodes, and globals that
 * `resolveGlobal` knows.
 *
 * `None` → `null`, `bool`, `str`; `int` → `number` where exact, else `bigint`; `float` → `number`;
 * `bytes`, `bytearray` → `Uint8Array` (a window on the input, not a copy); `list`, `tuple` →
 * array ({@link isTuple} tells them apart); `set`, `frozenset` → `Set`; `dict` → see `dicts`.
 *
 * @returns the value, and how many bytes it took (files of old formats hold several in a row)
 * @throws UnsafeFileError for a global that is not on the list, a persistent id that nobody resolves,
 *   the extension registry, or out-of-band buffers
 * @throws FileFormatError where it is broken or truncated
 */
export function unpickleNext(
  bytes: Uint8Array,
  options: UnpickleOptions,
): { value: unknown; length: number } {
  const machine = new Unpickler(bytes, options);
  const raw = machine.run();
  return { value: options.dicts === 'map' ? raw : plainDicts(raw), length: machine.length };
}

/** {@link unpickleNext} without the length. */
export function unpickle(bytes: Uint8Array, options: UnpickleOptions): unknown {
  return unpickleNext(bytes, options).value;
}

class Unpickler {
  private readonly reader: ByteReader;
  private readonly memo = new Map<number | bigint, unknown>();
  private readonly stack: OperandStack;
  private readonly makers = new WeakMap<object, PickleClass>();
  private readonly maxEntries: number;
  private readonly name: string;

  constructor(
    bytes: Uint8Array,
    private readonly options: UnpickleOptions,
  ) {
    this.name = options.name ?? 'the data';
    this.reader = new ByteReader(bytes, this.name);
    this.maxEntries = options.maxEntries ?? 2 ** 24;
    this.stack = new OperandStack(this.reader, this.maxEntries);
  }

  get length(): number {
    return this.reader.position;
  }

  run(): unknown {
    for (;;) {
      const op = this.reader.uint8();
      if (this.options.opcodes?.has(op) === false) {
        throw this.reader.broken(`the opcode ${opcodeName(op)}, which files of this kind do not have`);
      }
      if (op === Op.STOP) {
        const value = this.stack.pop();
        if (!this.stack.isEmpty) throw this.reader.broken('values are left over at its end');
        return value;
      }
      if (!this.constant(op) && !this.container(op) && !this.memoize(op) && !this.object(op)) {
        throw this.reader.broken(`unknown opcode ${opcodeName(op)}`);
      }
    }
  }

  /** Opcodes that push a value written in the stream. */
  private constant(op: number): boolean {
    const { reader } = this;
    switch (op) {
      case Op.NONE:
        return this.stack.push(null);
      case Op.NEWTRUE:
        return this.stack.push(true);
      case Op.NEWFALSE:
        return this.stack.push(false);
      case Op.INT:
        return this.stack.push(reader.intLine());
      case Op.BININT:
        return this.stack.push(reader.int32());
      case Op.BININT1:
        return this.stack.push(reader.uint8());
      case Op.BININT2:
        return this.stack.push(reader.uint16());
      case Op.LONG:
        return this.stack.push(reader.decimalLine());
      case Op.LONG1:
        return this.stack.push(reader.long(reader.uint8()));
      case Op.LONG4:
        return this.stack.push(reader.long(reader.int32()));
      case Op.FLOAT:
        return this.stack.push(reader.floatLine());
      case Op.BINFLOAT:
        return this.stack.push(reader.float64());
      case Op.STRING:
        return this.stack.push(this.quotedLine());
      case Op.BINSTRING:
        return this.stack.push(this.byteString(reader.int32()));
      case Op.SHORT_BINSTRING:
        return this.stack.push(this.byteString(reader.uint8()));
      case Op.UNICODE:
        return this.stack.push(
          this.required(decodeRawUnicodeEscape(reader.line()), 'a string with a bad escape'),
        );
      case Op.SHORT_BINUNICODE:
        return this.stack.push(reader.utf8(reader.uint8()));
      case Op.BINUNICODE:
        return this.stack.push(reader.utf8(reader.uint32()));
      case Op.BINUNICODE8:
        return this.stack.push(reader.utf8(reader.uint64()));
      case Op.SHORT_BINBYTES:
        return this.stack.push(reader.window(reader.uint8()));
      case Op.BINBYTES:
        return this.stack.push(reader.window(reader.uint32()));
      case Op.BINBYTES8:
      case Op.BYTEARRAY8:
        return this.stack.push(reader.window(reader.uint64()));
      default:
        return false;
    }
  }

  /** Opcodes that make and fill tuples, lists, dicts and sets. */
  private container(op: number): boolean {
    switch (op) {
      case Op.MARK:
        return this.stack.mark();
      case Op.EMPTY_TUPLE:
        return this.stack.push(tuple([]));
      case Op.TUPLE1:
        return this.stack.push(tuple(this.stack.popMany(1)));
      case Op.TUPLE2:
        return this.stack.push(tuple(this.stack.popMany(2)));
      case Op.TUPLE3:
        return this.stack.push(tuple(this.stack.popMany(3)));
      case Op.TUPLE:
        return this.stack.push(tuple(this.stack.popToMark()));
      case Op.EMPTY_LIST:
        return this.stack.push([]);
      case Op.LIST:
        return this.stack.push(this.stack.popToMark());
      case Op.APPEND:
        return this.extend(this.stack.popMany(1));
      case Op.APPENDS:
        return this.extend(this.stack.popToMark());
      case Op.EMPTY_DICT:
        return this.stack.push(new Map());
      case Op.DICT: {
        const items = this.stack.popToMark();
        this.stack.push(new Map());
        return this.setItems(items);
      }
      case Op.SETITEM:
        return this.setItems(this.stack.popMany(2));
      case Op.SETITEMS:
        return this.setItems(this.stack.popToMark());
      case Op.EMPTY_SET:
        return this.stack.push(new Set());
      case Op.ADDITEMS: {
        const items = this.stack.popToMark();
        const set = this.stack.top();
        if (!(set instanceof Set)) throw this.reader.broken('ADDITEMS to a value that is no set');
        for (const item of items) set.add(this.hashable(item));
        return true;
      }
      case Op.FROZENSET:
        return this.stack.push(frozen(new Set(this.stack.popToMark().map((item) => this.hashable(item)))));
      default:
        return false;
    }
  }

  /** The memo, the stack itself, and what carries no data. */
  private memoize(op: number): boolean {
    const { reader } = this;
    switch (op) {
      case Op.PUT:
        return this.put(reader.decimalLine());
      case Op.BINPUT:
        return this.put(reader.uint8());
      case Op.LONG_BINPUT:
        return this.put(reader.uint32());
      case Op.MEMOIZE:
        return this.put(this.memo.size);
      case Op.GET:
        return this.get(reader.decimalLine());
      case Op.BINGET:
        return this.get(reader.uint8());
      case Op.LONG_BINGET:
        return this.get(reader.uint32());
      case Op.POP:
        return this.stack.drop();
      case Op.POP_MARK:
        this.stack.popToMark();
        return true;
      case Op.DUP:
        return this.stack.push(this.stack.top());
      case Op.PROTO: {
        const protocol = reader.uint8();
        if (protocol > 5) throw reader.broken(`protocol ${protocol}; 0 to 5 are known`);
        return true;
      }
      case Op.FRAME:
        reader.uint64();
        return true;
      default:
        return false;
    }
  }

  /** Opcodes that name globals and make objects of them: all go through the allow-list. */
  private object(op: number): boolean {
    const { reader } = this;
    switch (op) {
      case Op.GLOBAL: {
        const module = reader.line();
        return this.global(module, reader.line());
      }
      case Op.STACK_GLOBAL: {
        const [module, name] = this.stack.popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string')
          throw reader.broken('a global without a name');
        return this.global(module, name);
      }
      case Op.REDUCE:
      case Op.NEWOBJ: {
        const [target, args] = this.stack.popMany(2);
        return this.call(target, args);
      }
      case Op.NEWOBJ_EX: {
        const [target, args, keywords] = this.stack.popMany(3);
        if (!(keywords instanceof Map) || keywords.size > 0) {
          throw this.unsafe('it makes an object with keyword arguments');
        }
        return this.call(target, args);
      }
      case Op.BUILD:
        return this.build();
      case Op.PERSID:
        return this.persistent(reader.line());
      case Op.BINPERSID:
        return this.persistent(this.stack.pop());
      case Op.INST:
      case Op.OBJ:
      case Op.EXT1:
      case Op.EXT2:
      case Op.EXT4:
      case Op.NEXT_BUFFER:
      case Op.READONLY_BUFFER:
        throw this.unsafe(`it uses ${opcodeName(op)}, which data files do not need`);
      default:
        return false;
    }
  }

  private global(module: string, name: string): boolean {
    const value = this.options.resolveGlobal(module, name);
    if (value === undefined)
      throw this.unsafe(`it asks for ${module}.${name}, which is not on the allow-list`);
    return this.stack.push(value);
  }

  private call(target: unknown, args: unknown): boolean {
    if (!(target instanceof PickleClass) || target.handlers.call === undefined) {
      throw this.unsafe(
        `it calls ${target instanceof PickleClass ? target.name : 'a value'}, which may not be called`,
      );
    }
    if (!isTuple(args)) throw this.reader.broken(`the arguments of ${target.name} are no tuple`);
    const made = this.handled(target, () => target.handlers.call!(args));
    if (typeof made === 'object' && made !== null) this.makers.set(made, target);
    return this.stack.push(made);
  }

  private build(): boolean {
    const state = this.stack.pop();
    const instance = this.stack.pop();
    const maker = typeof instance === 'object' && instance !== null ? this.makers.get(instance) : undefined;
    if (maker?.handlers.setState === undefined) {
      throw this.unsafe(`it sets the state of ${maker?.name ?? 'a value'}, which takes none`);
    }
    this.handled(maker, () => maker.handlers.setState!(instance, state));
    return this.stack.push(instance);
  }

  /** What a handler throws on odd arguments is the file's fault. */
  private handled(target: PickleClass, run: () => unknown): unknown {
    try {
      return run();
    } catch (error) {
      if (error instanceof TorchError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new FileFormatError(
        `${this.name}: ${target.name} with arguments that it does not take: ${reason}`,
        {
          cause: error,
        },
      );
    }
  }

  private persistent(id: unknown): boolean {
    if (!this.options.persistentLoad) throw this.unsafe('it refers to data outside of it (a persistent id)');
    return this.stack.push(this.options.persistentLoad(id));
  }

  private extend(items: unknown[]): boolean {
    const list = this.stack.top();
    if (!isList(list)) throw this.reader.broken('APPEND to a value that is no list');
    for (const item of items) list.push(item);
    return true;
  }

  private setItems(items: unknown[]): boolean {
    const dict = this.stack.top();
    if (!(dict instanceof Map)) throw this.reader.broken('SETITEM on a value that is no dict');
    if (items.length % 2 !== 0) throw this.reader.broken('a dict with a key without a value');
    for (let i = 0; i < items.length; i += 2) dict.set(this.hashable(items[i]), items[i + 1]);
    return true;
  }

  private hashable(value: unknown): unknown {
    if (!isHashable(value)) throw this.reader.broken('a list, dict or set as a key');
    return value;
  }

  private put(key: number | bigint): boolean {
    if (this.memo.size >= this.maxEntries)
      throw this.reader.broken(`more than ${this.maxEntries} memo entries`);
    this.memo.set(key, this.stack.top());
    return true;
  }

  private get(key: number | bigint): boolean {
    if (!this.memo.has(key)) throw this.reader.broken(`memo entry ${key} is not there`);
    return this.stack.push(this.memo.get(key));
  }

  private byteString(length: number): string | Uint8Array {
    const { encoding } = this.options;
    if (encoding === 'bytes') return this.reader.window(length);
    return encoding === 'latin1' ? this.reader.latin1(length) : this.reader.utf8(length);
  }

  private quotedLine(): string | Uint8Array {
    const text = this.required(unquote(this.reader.line()), 'a string without quotes');
    const bytes = Buffer.from(text, 'latin1');
    if (this.options.encoding === 'bytes') return bytes;
    return this.options.encoding === 'latin1' ? text : bytes.toString('utf8');
  }

  private required<T>(value: T | undefined, reason: string): T {
    if (value === undefined) throw this.reader.broken(reason);
    return value;
  }

  private unsafe(reason: string): UnsafeFileError {
    return new UnsafeFileError(
      `${this.name} was refused: ${reason}. Only plain data and the types of the allow-list are read, ` +
        'as unpickling anything else could run code.',
    );
  }
}
