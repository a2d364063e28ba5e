/** Types of schemas as TypeScript. */
import { camelCase } from '../../lib/ops/names.js';
import type { SchemaItem } from './schema.js';
import { numbersAsTensors, stringChoices } from './table.js';

const scalars: Readonly<Record<string, string>> = {
  Tensor: 'Tensor',
  int: 'number',
  SymInt: 'number',
  float: 'number',
  bool: 'boolean',
  str: 'string',
  Scalar: 'Scalar',
  ScalarType: 'DType',
  Layout: 'Layout',
  Device: 'DeviceLike',
  MemoryFormat: 'MemoryFormat',
  Generator: 'Generator',
};

const typePattern = /^(?<base>\w+)(?<optional>\?)?(?:\[(?<length>\d*)\])?(?<optionalList>\?)?$/;

interface ReadType {
  base: string;
  list: boolean;
  /** Elements may be None. */
  optionalElement: boolean;
  /** `int[2]`: one number stands for all. */
  length: number;
  optional: boolean;
}

function read(type: string): ReadType | undefined {
  const groups = typePattern.exec(type)?.groups;
  if (!groups || !(groups.base! in scalars)) return undefined;
  const list = groups.length !== undefined;
  return {
    base: groups.base!,
    list,
    optionalElement: list && groups.optional !== undefined,
    length: Number(groups.length || 0),
    optional: list ? groups.optionalList !== undefined : groups.optional !== undefined,
  };
}

/** Whether a type has a form in TypeScript (dimension names, streams and storages have none). */
export function isExpressible(type: string): boolean {
  return type === '()' || read(type) !== undefined;
}

/** The type of an argument. */
export function argumentType(arg: SchemaItem, operator: string): string {
  const type = read(arg.type)!;
  let text = scalars[type.base]!;
  if (type.base === 'str') {
    const places = [operator, `${operator.split('_')[0]}_*`, '*'];
    text = places.map((place) => stringChoices[`${place}.${arg.name}`]).find(Boolean) ?? text;
  }
  if (type.base === 'Tensor' && !type.list && numbersAsTensors.test(operator) && !arg.written)
    text = 'Tensor | Scalar';
  if (type.list) {
    text = `readonly ${type.optionalElement ? `(${text} | null)` : text}[]`;
    if (type.length > 0 && (type.base === 'int' || type.base === 'SymInt')) text = 'Ints';
  }
  return type.optional ? `${text} | null` : text;
}

/** Whether a list of numbers may be spread over the arguments. */
export function isSpreadable(arg: SchemaItem): boolean {
  return /^(int|SymInt)\[\]$/.test(arg.type);
}

/** The type of a result. */
export function resultType(returns: readonly SchemaItem[], selfType: string): string {
  const texts = returns.map((item) => {
    const type = read(item.type);
    if (!type) throw new Error(`no result type for ${item.type}`);
    const text = item.written && type.base === 'Tensor' && !type.list ? selfType : scalars[type.base]!;
    return type.list ? `${text}[]` : text;
  });
  if (texts.length === 0) return 'void';
  if (texts.length === 1) return texts[0]!;
  const named = returns.every((item) => item.name !== '');
  if (named && texts.every((text) => text === 'Tensor' || text === selfType)) {
    return `NamedTensors<${returns.map((item) => `'${camelCase(item.name)}'`).join(' | ')}>`;
  }
  return `[${texts.join(', ')}]`;
}
