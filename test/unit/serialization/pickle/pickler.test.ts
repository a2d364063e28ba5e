import { expect } from 'chai';
import { Pickler } from '../../../../lib/serialization/pickle/pickler.js';
import { unpickle } from '../../../../lib/serialization/pickle/unpickler.js';

const dump = (value: unknown): Buffer => Buffer.from(new Pickler({ special: () => false }).dump(value));
const back = (value: unknown): unknown => unpickle(dump(value), { resolveGlobal: () => undefined });

describe('pickler', () => {
  it('writes the bytes that Python writes', () => {
    // pickle.dumps(…, protocol=2)
    expect(dump(null).toString('latin1')).to.equal('\x80\x02N.');
    expect(dump(true).toString('latin1')).to.equal('\x80\x02\x88.');
    expect(dump(7).toString('latin1')).to.equal('\x80\x02K\x07.');
    expect(dump(300).toString('latin1')).to.equal('\x80\x02M,\x01.');
    expect(dump(-1).toString('latin1')).to.equal('\x80\x02J\xff\xff\xff\xff.');
    expect(dump(2 ** 40).toString('latin1')).to.equal('\x80\x02\x8a\x06\x00\x00\x00\x00\x00\x01.');
    expect(dump(0.5).toString('latin1')).to.equal('\x80\x02G?\xe0\x00\x00\x00\x00\x00\x00.');
    expect(dump('é').toString('latin1')).to.equal('\x80\x02X\x02\x00\x00\x00\xc3\xa9q\x00.');
  });

  it('integers at the borders of their widths', () => {
    for (let bits = 1n; bits <= 130n; bits++)
      for (const value of [2n ** bits, 2n ** bits - 1n, -(2n ** bits), -(2n ** bits) - 1n]) {
        const read = back(value);
        expect(BigInt(read as number | bigint), `${value}`).to.equal(value);
        expect(typeof read).to.equal(
          value >= -(2n ** 53n) + 1n && value <= 2n ** 53n - 1n ? 'number' : 'bigint',
        );
      }
  });

  it('more than 256 values, memoized by both opcodes', () => {
    const texts = Array.from({ length: 600 }, (_, i) => `text ${i}`);
    expect(back([...texts, ...texts])).to.deep.equal([...texts, ...texts]);
  });

  it('an integer of more bytes than a pickle counts is refused', () => {
    expect(() => dump(2n ** 2040n)).to.throw(/bigint of 256 bytes/);
  });

  it('an array as a key is a tuple', () => {
    const map = back(new Map([[[1, 'a'], 'value']])) as Map<unknown, unknown>;
    expect([...map]).to.deep.equal([[[1, 'a'], 'value']]);
  });
});
