import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { binaryWriter, WireType } from './packages.js';

/*
 * The few protocol buffer messages of TensorBoard's event files, written field by field: a schema
 * compiler would bring a hundred definitions for the dozen fields that are used. Fields go out in the
 * order of their numbers and are left out at their default, so the bytes equal those of Python's library.
 */

/** A step of a run. */
export type Step = number | bigint;

/** The `SummaryMetadata` of a plugin's value. */
export interface PluginData {
  name: string;
  content?: Uint8Array;
}

/** `TensorProto` of text or floating-point numbers. */
export interface TensorValue {
  /** Left out for a single number, as Python does. */
  shape?: readonly number[];
  strings?: readonly string[];
  floats?: readonly number[];
  doubles?: readonly number[];
}

/** `HistogramProto`. */
export interface HistogramValue {
  min: number;
  max: number;
  num: number;
  sum: number;
  sumSquares: number;
  /** Right edges of the buckets. */
  bucketLimit: readonly number[];
  bucket: readonly number[];
}

/** `Summary.Image`. */
export interface ImageValue {
  height: number;
  width: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
  colorspace: number;
  encoded: Uint8Array;
}

/** `Summary.Value`: a tag and one kind of value, or metadata alone. */
export interface SummaryValue {
  tag: string;
  scalar?: number;
  image?: ImageValue;
  histogram?: HistogramValue;
  tensor?: TensorValue;
  plugin?: PluginData;
}

/** `Event`. */
export interface EventValue {
  /** Seconds since 1970. */
  wallTime: number;
  step?: Step;
  fileVersion?: string;
  summary?: readonly SummaryValue[];
  /** Tells TensorBoard to forget what an earlier, interrupted run wrote from this step on. */
  sessionStart?: boolean;
  writer?: string;
}

const dataType = { float: 1, double: 2, string: 7 } as const;

/** Writes protocol buffer fields by number, leaving out defaults. */
export class Fields {
  private readonly out = binaryWriter();

  double(field: number, value: number): this {
    if (!Object.is(value, 0)) this.out.tag(field, WireType.Bit64).double(value);
    return this;
  }

  int(field: number, value: Step): this {
    if (BigInt(value) !== 0n) this.out.tag(field, WireType.Varint).int64(value);
    return this;
  }

  bool(field: number, value: boolean): this {
    return this.int(field, value ? 1 : 0);
  }

  string(field: number, value: string): this {
    if (value !== '') this.out.tag(field, WireType.LengthDelimited).string(value);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    if (value.length > 0) this.out.tag(field, WireType.LengthDelimited).bytes(value);
    return this;
  }

  /** A field of a `oneof`, or of a repeated kind: it is written also at its default. */
  present(field: number, type: WireType, write: (out: BinaryWriter) => void): this {
    this.out.tag(field, type);
    write(this.out);
    return this;
  }

  packed(field: number, values: readonly number[], kind: 'double' | 'float'): this {
    if (values.length === 0) return this;
    this.out.tag(field, WireType.LengthDelimited).fork();
    for (const value of values) this.out[kind](kind === 'float' ? Math.fround(value) : value);
    this.out.join();
    return this;
  }

  message(field: number, value: Fields): this {
    this.out.tag(field, WireType.LengthDelimited).bytes(value.finish());
    return this;
  }

  finish(): Uint8Array {
    return this.out.finish();
  }
}

function tensorProto({ shape, strings = [], floats = [], doubles = [] }: TensorValue): Fields {
  const kind = strings.length > 0 ? 'string' : doubles.length > 0 ? 'double' : 'float';
  const out = new Fields().int(1, dataType[kind]);
  if (shape !== undefined) {
    const dims = new Fields();
    for (const size of shape) dims.message(2, new Fields().int(1, size));
    out.message(2, dims);
  }
  out.packed(5, floats, 'float').packed(6, doubles, 'double');
  for (const text of strings) out.present(8, WireType.LengthDelimited, (to) => to.string(text));
  return out;
}

function histogramProto(value: HistogramValue): Fields {
  return new Fields()
    .double(1, value.min)
    .double(2, value.max)
    .double(3, value.num)
    .double(4, value.sum)
    .double(5, value.sumSquares)
    .packed(6, value.bucketLimit, 'double')
    .packed(7, value.bucket, 'double');
}

function summaryValue({ tag, scalar, image, histogram, tensor, plugin }: SummaryValue): Fields {
  const out = new Fields().string(1, tag);
  if (scalar !== undefined) out.present(2, WireType.Bit32, (to) => to.float(Math.fround(scalar)));
  if (image) {
    const { height, width, colorspace, encoded } = image;
    out.message(4, new Fields().int(1, height).int(2, width).int(3, colorspace).bytes(4, encoded));
  }
  if (histogram) out.message(5, histogramProto(histogram));
  if (tensor) out.message(8, tensorProto(tensor));
  if (plugin) {
    const data = new Fields().string(1, plugin.name).bytes(2, plugin.content ?? new Uint8Array());
    out.message(9, new Fields().message(1, data));
  }
  return out;
}

/** The bytes of an `Event`. */
export function encodeEvent(event: EventValue): Uint8Array {
  const out = new Fields().double(1, event.wallTime).int(2, event.step ?? 0);
  if (event.fileVersion !== undefined) out.string(3, event.fileVersion);
  if (event.summary) {
    const summary = new Fields();
    for (const value of event.summary) summary.message(1, summaryValue(value));
    out.message(5, summary);
  }
  if (event.sessionStart) out.message(7, new Fields().int(1, 1));
  if (event.writer !== undefined) out.message(10, new Fields().string(1, event.writer));
  return out.finish();
}
