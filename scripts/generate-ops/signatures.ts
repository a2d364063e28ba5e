/**
 * Call signatures of an overload.
 *
 * Every parameter may be given by position or in the trailing options object. Optional parameters
 * therefore also take the options; for required ones there is a form for each count of positional
 * arguments, with the rest required in the object.
 */
import { camelCase } from '../../lib/ops/names.js';
import { bagType, type OptionTypes } from './option-types.js';
import type { SchemaItem } from './schema.js';
import type { Group, Overload } from './select.js';
import { argumentType, isSpreadable, resultType } from './types.js';

export type Door = 'function' | 'method';

interface Param {
  name: string;
  type: string;
  required: boolean;
}

/** What an overload comes to in TypeScript. */
interface Shape {
  positional: Param[];
  keywordOnly: Param[];
  /** dtype, layout, device, pinMemory, requiresGrad. */
  factory: boolean;
  /** Tensors in `out`; 0 without that form. */
  outs: number;
  spread: boolean;
  result: string;
}

const factoryKeys = ['dtype', 'layout', 'device', 'pin_memory'];

/** Whether an overload makes a tensor of nothing but options (torch.zeros, x.newZeros). */
export function isFactory(overload: Overload): boolean {
  return factoryKeys.every((key) => overload.args.some((arg) => arg.keywordOnly && arg.name === key));
}

function param(arg: SchemaItem, operator: string): Param {
  return {
    name: camelCase(arg.name === 'self' ? 'input' : arg.name),
    type: argumentType(arg, operator),
    required: arg.fallback === undefined,
  };
}

function shapeOf(overload: Overload, door: Door): Shape {
  const { operator } = overload;
  const factory = isFactory(overload);
  const args = overload.args.filter((arg) => !(factory && arg.keywordOnly && factoryKeys.includes(arg.name)));
  const own = door === 'method' ? args.slice(1) : args;
  const keywordOnly = own.filter((arg) => arg.keywordOnly).map((arg) => param(arg, operator.name));
  const positionalArgs = own.filter((arg) => !arg.keywordOnly);
  return {
    positional: positionalArgs.map((arg) => param(arg, operator.name)),
    keywordOnly,
    factory,
    outs: door === 'function' ? overload.outs : 0,
    spread: positionalArgs.length === 1 && isSpreadable(positionalArgs[0]!) && (door === 'method' || factory),
    result: resultType(operator.returns, door === 'method' ? 'this' : 'Tensor'),
  };
}

function sameParams(a: readonly Param[], b: readonly Param[]): boolean {
  return a.length === b.length && a.every((p, i) => p.name === b[i]!.name && p.required === b[i]!.required);
}

function union(a: string, b: string): string {
  return [...new Set([...a.split(' | '), ...b.split(' | ')])].sort(byKind).join(' | ');
}

/** `null` last. */
function byKind(a: string, b: string): number {
  return Number(a === 'null') - Number(b === 'null');
}

/** Joins overloads that differ in the type of one parameter (`other: Tensor` and `other: Scalar`). */
function merge(shapes: readonly Shape[]): Shape[] {
  const merged: Shape[] = [];
  for (const shape of shapes) {
    const partner = merged.find((other) => {
      if (
        other.result !== shape.result ||
        other.factory !== shape.factory ||
        other.spread !== shape.spread ||
        other.outs !== shape.outs
      )
        return false;
      if (
        !sameParams(other.positional, shape.positional) ||
        !sameParams(other.keywordOnly, shape.keywordOnly)
      )
        return false;
      const before = [...other.positional, ...other.keywordOnly];
      const differing = [...shape.positional, ...shape.keywordOnly].filter(
        (p, i) => p.type !== before[i]!.type,
      );
      return differing.length <= 1;
    });
    if (!partner) {
      merged.push(shape);
      continue;
    }
    const join = (own: Param[], more: Param[]): void => {
      own.forEach((p, i) => {
        p.type = union(p.type, more[i]!.type);
      });
    };
    join(partner.positional, shape.positional);
    join(partner.keywordOnly, shape.keywordOnly);
  }
  return merged;
}

function field(p: Param): string {
  return `${p.name}${p.required ? '' : '?'}: ${p.type}`;
}

function signaturesOf(shape: Shape, name: string, options: OptionTypes): string[] {
  const { positional, keywordOnly, factory, outs, spread, result } = shape;
  const required = positional.filter((p) => p.required);
  const optional = positional.filter((p) => !p.required);
  const optionalFields = [...optional, ...keywordOnly];
  const hasOptions = optionalFields.length > 0 || factory || outs > 0;
  const mandatory = keywordOnly.some((p) => p.required);
  const own = options.use(name, optionalFields.map(field), factory, outs);
  const bag = bagType(own);

  const signatures: string[] = [];
  const last = hasOptions ? [`options${mandatory ? '' : '?'}: ${bag}`] : [];
  const list = (parts: string[]): string => `(${parts.join(', ')}): ${result}`;
  if (spread) {
    const { name: rest } = positional[0]!;
    signatures.push(list([`...${rest}: number[]`]));
    if (hasOptions) signatures.push(list([`...args: [...${rest}: number[], options: ${bag}]`]));
  }
  const positionals = [
    ...required.map((p) => `${p.name}: ${p.type}`),
    ...optional.map((p) => `${p.name}?: ${p.type}${hasOptions ? ` | ${bag}` : ''}`),
  ];
  signatures.push(list([...positionals, ...last]));
  for (let count = required.length - 1; count >= 0; count--) {
    const byPosition = required.slice(0, count).map((p) => `${p.name}: ${p.type}`);
    signatures.push(list([...byPosition, `options: ${bagType(own, required.slice(count).map(field))}`]));
  }
  return signatures;
}

/** `randn` and `randn.generator` are one: `generator` becomes optional. */
function foldGenerators(shapes: readonly Shape[]): Shape[] {
  const isGenerator = (p: Param): boolean => p.name === 'generator' && p.required;
  const rest = shapes.filter((shape) => !shape.keywordOnly.some(isGenerator));
  for (const shape of shapes) {
    const generator = shape.keywordOnly.find(isGenerator);
    if (!generator) continue;
    const others = shape.keywordOnly.filter((p) => p !== generator);
    const plain = rest.find(
      (s) => sameParams(s.positional, shape.positional) && sameParams(s.keywordOnly, others),
    );
    if (plain) plain.keywordOnly.push({ ...generator, required: false });
    else rest.push(shape);
  }
  return rest;
}

/** All signatures of a group, without duplicates, in the order of the schemas. */
export function groupSignatures(group: Group, door: Door, options: OptionTypes): string[] {
  const shapes = merge(foldGenerators(group.overloads.map((overload) => shapeOf(overload, door))));
  return [...new Set(shapes.flatMap((shape) => signaturesOf(shape, group.name, options)))];
}
