import { createRequire } from 'node:module';
import type * as wireModule from '@bufbuild/protobuf/wire';
import type * as crc32Module from '@node-rs/crc32';

/*
 * What only a written event file needs, loaded with the first one: together they are some twenty
 * files, which every program would wait for. By `require`, as `addScalar` and its like return at once.
 */
const require = createRequire(import.meta.url);

let wire: typeof wireModule | undefined;
let checksums: typeof crc32Module | undefined;

/** A new writer of protocol buffer fields. */
export function binaryWriter(): wireModule.BinaryWriter {
  wire ??= require('@bufbuild/protobuf/wire') as typeof wireModule;
  return new wire.BinaryWriter();
}

/** CRC-32C. */
export function crc32c(data: Uint8Array): number {
  checksums ??= require('@node-rs/crc32') as typeof crc32Module;
  return checksums.crc32c(data);
}

/** The kinds of fields, by the numbers that the format gives them. */
export const WireType = {
  Varint: 0,
  Bit64: 1,
  LengthDelimited: 2,
  Bit32: 5,
} as const satisfies Record<string, wireModule.WireType>;
export type WireType = (typeof WireType)[keyof typeof WireType];
