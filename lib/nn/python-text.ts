/** Values as Python prints them: what `print(module)` is made of. */
import { Tensor } from '../tensor/index.js';
import { pythonFloat, pythonNumber } from '../utils/python-text.js';

export { pythonFloat, pythonNumber };

/** A value as `str()` shows it inside an f-string: strings bare, arrays as tuples. */
export function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

/** A value as `repr()` shows it. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return pythonNumber(value);
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value))
    return value.length === 1 ? `(${pythonRepr(value[0])},)` : `(${value.map(pythonRepr).join(', ')})`;
  if (value instanceof Tensor) return value.toString();
  return String(value);
}

/** Indents every line but the first by two blanks; empty lines stay empty. */
export function indentRest(text: string): string {
  const [first, ...rest] = text.split('\n');
  return [first, ...rest.map((line) => (line.trim() === '' ? '' : `  ${line}`))].join('\n');
}
