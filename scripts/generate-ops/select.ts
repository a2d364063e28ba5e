/** Groups the operators by base name and keeps what is shown. */
import type { SchemaItem } from './schema.js';
import type { Operator } from './source.js';
import {
  classMembers,
  handWrittenFunctions,
  handWrittenMethods,
  isWanted,
  skippedOverloads,
} from './table.js';
import { isExpressible } from './types.js';

/** One overload with what its `out` form takes. */
export interface Overload {
  readonly operator: Operator;
  readonly args: readonly SchemaItem[];
  /** How many tensors `out` holds; 0 where there is no such form. */
  readonly outs: number;
}

/** All overloads of a base name. */
export interface Group {
  readonly name: string;
  readonly module: string;
  readonly overloads: readonly Overload[];
}

export interface Selection {
  readonly functions: readonly Group[];
  readonly methods: readonly Group[];
}

function isOutForm(operator: Operator): boolean {
  return operator.args.some((arg) => arg.keywordOnly && arg.written);
}

function plainArguments(operator: Operator): SchemaItem[] {
  return operator.args.filter((arg) => !(arg.keywordOnly && arg.written));
}

function sameArguments(a: readonly SchemaItem[], b: readonly SchemaItem[]): boolean {
  return a.length === b.length && a.every((arg, i) => arg.name === b[i]!.name && arg.type === b[i]!.type);
}

function overloadsOf(operators: readonly Operator[]): Overload[] {
  const outForms = operators.filter(isOutForm);
  return operators
    .filter((operator) => !isOutForm(operator))
    .filter((operator) => operator.args.every((arg) => isExpressible(arg.type)))
    .filter((operator) => operator.returns.every((item) => isExpressible(item.type)))
    .filter((operator) => !skippedOverloads.has(`${operator.name}.${operator.overload}`))
    .map((operator) => {
      const args = plainArguments(operator);
      // `out` forms leave factories' dtype, layout, device and pinMemory out.
      const core = args.filter((arg) => !['dtype', 'layout', 'device', 'pin_memory'].includes(arg.name));
      const out = outForms.find((form) => {
        const plain = plainArguments(form);
        return sameArguments(plain, args) || sameArguments(plain, core);
      });
      return { operator, args, outs: out ? out.args.length - plainArguments(out).length : 0 };
    });
}

export function select(operators: readonly Operator[]): Selection {
  const byName = new Map<string, Operator[]>();
  for (const operator of operators) {
    if (!isWanted(operator.name)) continue;
    const group = byName.get(operator.name);
    if (group) group.push(operator);
    else byName.set(operator.name, [operator]);
  }
  const functions: Group[] = [];
  const methods: Group[] = [];
  for (const name of [...byName.keys()].sort()) {
    const group = byName.get(name)!;
    const module = group[0]!.module;
    const overloads = overloadsOf(group);
    const asFunction = overloads.filter((o) => o.operator.asFunction);
    if (asFunction.length > 0 && !handWrittenFunctions.has(name))
      functions.push({ name, module, overloads: asFunction });
    const asMethod = overloads.filter((o) => o.operator.asMethod);
    if (asMethod.length > 0 && !handWrittenMethods.has(name) && !classMembers.has(name))
      methods.push({ name, module, overloads: asMethod });
  }
  return { functions, methods };
}
