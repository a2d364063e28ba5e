/** Printing modules as PyTorch does. */
import type { Module } from './module.js';
import { indentRest } from './python-text.js';

/** `Name(extra)`, with the children indented below. */
export function printModule(module: Module): string {
  const extra = module.extraRepr();
  const lines = extra === '' ? [] : extra.split('\n');
  const children: string[] = [];
  for (const [name, child] of module._ownModules())
    children.push(`(${name}): ${indentRest(child === null ? 'None' : child.toString())}`);
  return enclose(module._getName(), lines, children);
}

/** Puts the lines of a module between brackets: on one line where only one is there. */
export function enclose(name: string, extra: readonly string[], children: readonly string[]): string {
  if (extra.length === 1 && children.length === 0) return `${name}(${extra[0]})`;
  const lines = [...extra, ...children];
  return lines.length === 0 ? `${name}()` : `${name}(\n  ${lines.join('\n  ')}\n)`;
}
