import { stripVTControlCharacters } from 'node:util';

/** The part of a writable stream that a progress bar needs. */
export interface GuardedStream {
  write(chunk: string | Uint8Array, ...rest: unknown[]): boolean;
}

/** What is done around a write of someone else. */
export interface GuardHooks {
  before(): void;
  /** @param endsLine whether what was written left the cursor at the start of a line */
  after(endsLine: boolean): void;
}

/** The text of a chunk without what leaves no trace: control sequences and carriage returns. */
function visible(chunk: string | Uint8Array): string {
  const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
  return stripVTControlCharacters(text).replaceAll('\r', '');
}

/**
 * Lets `hooks` run around every write to one of `streams` that shows something, until the function
 * that is returned is called. Writes made within `quietly` pass unseen.
 *
 * A write that someone else wrapped later stays wrapped: then ours only passes on.
 */
export function guardWrites(
  streams: readonly GuardedStream[],
  hooks: GuardHooks,
): { release: () => void; quietly: (work: () => void) => void } {
  let active = true;
  let quiet = false;
  const quietly = (work: () => void): void => {
    const before = quiet;
    quiet = true;
    try {
      work();
    } finally {
      quiet = before;
    }
  };
  const restore = streams.map((stream) => {
    const original = stream.write;
    const own = Object.hasOwn(stream, 'write');
    const guarded: GuardedStream['write'] = (chunk, ...rest) => {
      const text = active && !quiet ? visible(chunk) : '';
      if (text === '') return original.call(stream, chunk, ...rest);
      quietly(() => hooks.before());
      const result = original.call(stream, chunk, ...rest);
      quietly(() => hooks.after(text.endsWith('\n')));
      return result;
    };
    stream.write = guarded;
    return () => {
      if (stream.write !== guarded) return;
      if (own) stream.write = original;
      else Reflect.deleteProperty(stream, 'write');
    };
  });
  return {
    quietly,
    release: () => {
      active = false;
      for (const undo of restore) undo();
    },
  };
}
