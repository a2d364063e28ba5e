/** Names in generated code. */
import { camelCase } from '../../lib/ops/names.js';

/** camelCase with a capital: for names of types. */
export function pascalCase(name: string): string {
  const camel = camelCase(name).replace(/_+$/, '');
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

const reserved = new Set([
  'var',
  'in',
  'new',
  'delete',
  'import',
  'export',
  'default',
  'function',
  'class',
  'true',
]);

/** Whether a name cannot be declared as a `const` (it can still be exported under it). */
export function isReserved(name: string): boolean {
  return reserved.has(name);
}
