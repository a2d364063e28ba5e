/** Errors that tests expect. */
import { expect } from 'chai';
import { TorchError } from 'torchts';

type Class = new (...args: never[]) => Error;

/** Runs `action`, which must throw (or reject with) an error of `kind` whose message fits. */
export function thrown(action: () => unknown, kind: Class, message?: RegExp): Error {
  let error: unknown;
  try {
    action();
  } catch (caught) {
    error = caught;
  }
  return checked(error, kind, message);
}

/** The same for a promise. */
export async function rejected(promise: Promise<unknown>, kind: Class, message?: RegExp): Promise<Error> {
  let error: unknown;
  await promise.catch((caught: unknown) => {
    error = caught;
  });
  return checked(error, kind, message);
}

function checked(error: unknown, kind: Class, message?: RegExp): Error {
  expect(error, 'an error').to.be.instanceOf(kind);
  if (kind.prototype instanceof TorchError) expect(error, 'its base').to.be.instanceOf(TorchError);
  if (message) expect((error as Error).message).to.match(message);
  return error as Error;
}
