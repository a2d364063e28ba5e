import { expect } from 'chai';
import { FileFormatError, UnsafeFileError } from '../../../../lib/errors.js';
import {
  isTuple,
  PickleClass,
  unpickle,
  unpickleNext,
} from '../../../../lib/serialization/pickle/unpickler.js';

const refuse = () => undefined;

/** Bytes of a pickle given as latin-1 text. */
function read(text: string, options: Partial<Parameters<typeof unpickle>[1]> = {}): unknown {
  return unpickle(Buffer.from(text, 'latin1'), { resolveGlobal: refuse, ...options });
}

/** Pickles of {'a': [1, -2, 3.5, None, True], 'n': 2**70, 'u': 'é'} as Python's protocols 0 to 5 write them. */
const samples: Record<number, string> = {
  0: '(dp0\nVa\np1\n(lp2\nI1\naI-2\naF3.5\naNaI01\nasVn\np3\nL1180591620717411303424L\nsVu\np4\nV\xe9\np5\ns.',
  1: '}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(K\x01J\xfe\xff\xff\xffG@\x0c\x00\x00\x00\x00\x00\x00NI01\neX\x01\x00\x00\x00nq\x03L1180591620717411303424L\nX\x01\x00\x00\x00uq\x04X\x02\x00\x00\x00\xc3\xa9q\x05u.',
  2: '\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(K\x01J\xfe\xff\xff\xffG@\x0c\x00\x00\x00\x00\x00\x00N\x88eX\x01\x00\x00\x00nq\x03\x8a\t\x00\x00\x00\x00\x00\x00\x00\x00@X\x01\x00\x00\x00uq\x04X\x02\x00\x00\x00\xc3\xa9q\x05u.',
  4: '\x80\x04\x957\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94]\x94(K\x01J\xfe\xff\xff\xffG@\x0c\x00\x00\x00\x00\x00\x00N\x88e\x8c\x01n\x94\x8a\t\x00\x00\x00\x00\x00\x00\x00\x00@\x8c\x01u\x94\x8c\x02\xc3\xa9\x94u.',
};

describe('unpickle', () => {
  for (const [protocol, text] of Object.entries(samples)) {
    it(`reads plain data of protocol ${protocol}`, () => {
      const value = read(text) as Record<string, unknown>;
      expect(Object.getPrototypeOf(value)).to.equal(null);
      expect({ ...value }).to.deep.equal({ a: [1, -2, 3.5, null, true], n: 2n ** 70n, u: 'é' });
    });
  }

  it('tells tuples from lists, and reads sets, bytes and dicts with other keys', () => {
    const value = read('\x80\x04(K\x01\x85]\x8f(K\x01K\x02\x90C\x02hi}K\x05K\x06st.') as unknown[];
    expect(isTuple(value)).to.equal(true);
    expect(isTuple(value[0])).to.equal(true);
    expect(isTuple(value[1])).to.equal(false);
    expect(value[2]).to.deep.equal(new Set([1, 2]));
    expect([...(value[3] as Uint8Array)]).to.deep.equal([0x68, 0x69]);
    expect(value[4]).to.deep.equal(new Map([[5, 6]]));
  });

  it('keeps shared and cyclic values', () => {
    // d = {}; d['self'] = d
    const cyclic = read('\x80\x02}q\x00X\x04\x00\x00\x00selfh\x00s.') as Record<string, unknown>;
    expect(cyclic.self).to.equal(cyclic);
    // a = {}; [a, a]
    const shared = read('\x80\x02](}q\x00h\x00e.') as unknown[];
    expect(shared[0]).to.equal(shared[1]);
  });

  it('is not confused by a key named __proto__', () => {
    const value = read('\x80\x02}X\x09\x00\x00\x00__proto__}X\x01\x00\x00\x00xK\x01ss.') as Record<
      string,
      unknown
    >;
    expect(Object.keys(value)).to.deep.equal(['__proto__']);
    expect(({} as Record<string, unknown>).x).to.equal(undefined);
  });

  it('reads strings of Python 2 in the asked encoding', () => {
    expect(read('U\x01\xe9.', { encoding: 'latin1' })).to.equal('é');
    expect(read("S'a\\xe9\\n\\\\'\n.", { encoding: 'latin1' })).to.equal('aé\n\\');
    expect([...(read('U\x01\xe9.', { encoding: 'bytes' }) as Uint8Array)]).to.deep.equal([0xe9]);
    expect(() => read('U\x01\xe9.')).to.throw(FileFormatError, /UTF-8/);
  });

  it('calls only what the allow-list gives', () => {
    const pair = new PickleClass('mod.Pair', {
      call: (args) => ({ args, state: undefined as unknown }),
      setState: (instance, state) => {
        (instance as { state: unknown }).state = state;
      },
    });
    const text = 'cmod\nPair\n(K\x01K\x02tRK\x07b.';
    const made = read(text, { resolveGlobal: (m, n) => (`${m}.${n}` === 'mod.Pair' ? pair : undefined) });
    expect(made).to.deep.equal({ args: [1, 2], state: 7 });
    expect(() => read(text)).to.throw(UnsafeFileError, /mod\.Pair, which is not on the allow-list/);
    expect(() => read("cposix\nsystem\n(S'echo'\ntR.")).to.throw(UnsafeFileError, /posix\.system/);
  });

  it('refuses to call constants, to set state at will, and odd arguments', () => {
    const resolveGlobal = () => 'float32';
    expect(() => read('ca\nb\n)R.', { resolveGlobal })).to.throw(UnsafeFileError, /may not be called/);
    expect(() => read('ca\nb\nNb.', { resolveGlobal })).to.throw(UnsafeFileError, /sets the state/);
    expect(() => read(']}b.')).to.throw(UnsafeFileError, /sets the state/);
    const picky = new PickleClass('a.b', { call: (args) => (args[0] as unknown[]).length });
    expect(() => read('ca\nb\n)R.', { resolveGlobal: () => picky })).to.throw(
      FileFormatError,
      /a\.b with arguments/,
    );
    expect(() => read('(i__main__\nX\n.')).to.throw(UnsafeFileError, /INST/);
    expect(() => read('\x80\x02\x82\x01.')).to.throw(UnsafeFileError, /EXT1/);
    expect(() => read('K\x01Q.')).to.throw(UnsafeFileError, /persistent id/);
    expect(read('K\x01Q.', { persistentLoad: (id) => [id] })).to.deep.equal([1]);
  });

  it('reports every truncation as a broken file', () => {
    for (const text of Object.values(samples)) {
      for (let length = 0; length < text.length; length++) {
        expect(() => read(text.slice(0, length)), `${length} bytes`).to.throw(
          FileFormatError,
          /not a valid pickle/,
        );
      }
    }
  });

  it('survives arbitrary bytes with a typed error or a value', () => {
    let seed = 1;
    const random = () => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return seed >>> 16;
    };
    const base = Buffer.from(samples[2]!, 'latin1');
    for (let round = 0; round < 5000; round++) {
      const bytes = Buffer.from(base);
      for (let i = 0; i < 3; i++) bytes[random() % bytes.length] = random() & 0xff;
      try {
        unpickle(bytes, { resolveGlobal: refuse });
      } catch (error) {
        if (!(error instanceof FileFormatError) && !(error instanceof UnsafeFileError)) throw error;
      }
    }
  });

  it('takes no memory for lengths that are not there', () => {
    expect(() => read('\x80\x04\x8e\xff\xff\xff\xff\xff\x00\x00\x00.')).to.throw(
      FileFormatError,
      /truncated/,
    );
    expect(() => read('\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff.')).to.throw(FileFormatError, /length/);
    expect(() => read('\x8b\xff\xff\xff\x7f.')).to.throw(FileFormatError, /integer/);
    expect(() => read(`${'('.repeat(20)}.`, { maxEntries: 10 })).to.throw(FileFormatError, /more than 10/);
  });

  it('refuses lists as keys, changes of tuples, and leftovers', () => {
    expect(() => read('}]K\x01s.')).to.throw(FileFormatError, /as a key/);
    expect(() => read(')K\x01a.')).to.throw(FileFormatError, /no list/);
    expect(() => read('K\x01K\x02.')).to.throw(FileFormatError, /left over/);
    expect(() => read('K\x01(Ra.')).to.throw(FileFormatError, /missing on the stack/);
    expect(() => read('h\x07.')).to.throw(FileFormatError, /memo entry 7/);
  });

  it('reads deep nesting without recursion', () => {
    const depth = 50_000;
    const value = read(`${']'.repeat(depth)}${'a'.repeat(depth - 1)}.`);
    expect(value).to.have.length(1);
  });

  it('reads several pickles in a row', () => {
    const bytes = Buffer.from('K\x01.K\x02.', 'latin1');
    const first = unpickleNext(bytes, { resolveGlobal: refuse });
    expect(first).to.deep.equal({ value: 1, length: 3 });
    expect(unpickle(bytes.subarray(first.length), { resolveGlobal: refuse })).to.equal(2);
  });

  it('moves symbol properties of a map to the object made of it', () => {
    const metadata = Symbol('metadata');
    const ordered = new PickleClass('collections.OrderedDict', {
      call: () => new Map(),
      setState: (instance, state) => {
        Object.assign(instance as object, { [metadata]: state });
      },
    });
    const text = '\x80\x02ccollections\nOrderedDict\n)RX\x01\x00\x00\x00xK\x01s}X\x01\x00\x00\x00v}sb.';
    const value = read(text, { resolveGlobal: () => ordered }) as Record<string | symbol, unknown>;
    expect(value.x).to.equal(1);
    expect((value[metadata] as Record<string, unknown>).v).to.deep.equal(Object.create(null));
    expect(Object.keys(value)).to.deep.equal(['x']);
  });
});
