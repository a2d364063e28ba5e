/** The border to native code: nothing that JavaScript can pass ends the process. */
import { expect } from 'chai';
import * as torch from 'torchts';
import { native } from '../../../lib/native.js';

/** Values that are no tensor, index, function or string where one is wanted. */
const strange: unknown[] = [
  undefined,
  null,
  true,
  -1,
  2 ** 40,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  10n ** 30n,
  '',
  'x\u0000y',
  Symbol('s'),
  {},
  [],
  [null],
  [[1]],
  () => {},
  new Map(),
  new Uint8Array(3),
  new ArrayBuffer(0),
  new Proxy({}, {}),
  Object.create(null),
];

/** What each call of an export gives: a value or an Error, never something else thrown. */
function check(name: string, args: readonly unknown[]): void {
  try {
    const result = (native as unknown as Record<string, (...args: readonly unknown[]) => unknown>)[name]!(
      ...args,
    );
    if (result instanceof Promise) result.catch(() => {});
  } catch (error) {
    expect(error, `${name}(${args.map((arg) => typeof arg)})`).to.be.instanceOf(Error);
  }
}

describe('the native border', () => {
  // These change the process: how errors are made, threads, the default dtype, seeds, modes.
  const global = new Set([
    ...[
      'configure',
      'setNumThreads',
      'setDefaultDtype',
      'setDeterministic',
      'setModes',
      'setAutocast',
      'manualSeed',
    ],
    ...['generatorManualSeed', 'generatorRandomSeed', 'generatorSetState', 'loadCuda'],
  ]);
  const names = Object.keys(native).filter((name) => !global.has(name));

  it('has the exports that lib/bindings.ts declares', () => {
    expect(names).to.include.members([
      'invoke',
      'packet',
      'shape',
      'backward',
      'readRegions',
      'assembleBatch',
    ]);
  });

  it('every export survives arguments of every kind', () => {
    const tensor = torch.ones(2, 2).handle;
    for (const name of names) {
      check(name, []);
      for (const value of strange) {
        check(name, [value]);
        check(name, [tensor, value]);
        check(name, [value, value, value, value, value, value]);
        check(name, [tensor, value, value, value]);
        check(name, [[tensor], value, [value]]);
      }
    }
    expect(torch.ones(2, 2).matmul(torch.ones(2, 2)).tolist()).to.deep.equal([
      [2, 2],
      [2, 2],
    ]);
    expect(torch.isGradEnabled()).to.equal(native.isGradEnabled());
  });

  it('errors are typed and carry no backtrace of C++', () => {
    const wrong: [() => unknown, string][] = [
      [() => torch.ones(2).matmul(torch.ones(3)), 'ERR_SHAPE'],
      [() => torch.ones(2).index(7), 'ERR_INDEX'],
      [() => torch.ones(2).add('x' as never), 'ERR_ARGUMENT'],
      [() => torch.zeros(2, { dtype: 'float99' as never }), 'ERR_ARGUMENT'],
      [() => torch.eye(2).matmul(torch.eye(2).long()), 'ERR_DTYPE'],
      [() => torch.ones(2).to('nowhere' as never), 'ERR_DEVICE'],
      [() => torch.zeros(2 ** 45), 'ERR_OUT_OF_MEMORY'],
    ];
    for (const [action, code] of wrong) {
      let error: torch.TorchError | undefined;
      try {
        action();
      } catch (caught) {
        error = caught as torch.TorchError;
      }
      expect(error, code).to.be.instanceOf(torch.TorchError);
      expect(error!.code, error!.message).to.equal(code);
      expect(error!.message).to.not.match(/Exception raised from|frame #\d|\.cpp:\d+/);
    }
  });
});
