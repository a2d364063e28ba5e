/** One line of documentation for each function and method. */
import { descriptions } from './descriptions.js';
import type { SchemaItem } from './schema.js';
import type { Group } from './select.js';
import type { Door } from './signatures.js';

function pythonDefault(text: string): string {
  if (text === 'contiguous_format' || text === 'Mean')
    return text === 'Mean' ? '1' : 'torch.contiguous_format';
  return text;
}

function pythonForm(args: readonly SchemaItem[], name: string, door: Door): string {
  const parts: string[] = [];
  let star = false;
  for (const arg of door === 'method' ? args.slice(1) : args) {
    if (arg.keywordOnly && !star) {
      parts.push('*');
      star = true;
    }
    const shown = arg.name === 'self' ? 'input' : arg.name;
    parts.push(arg.fallback === undefined ? shown : `${shown}=${pythonDefault(arg.fallback)}`);
  }
  return `${name}(${parts.join(', ')})`;
}

/** The page of PyTorch's documentation. */
function page(group: Group, door: Door): string {
  if (door === 'method') return `torch.Tensor.${group.name}`;
  if (group.module === 'nn') return `torch.nn.functional.${group.name}`;
  const prefix = /^(linalg|fft|special)_/.exec(group.name);
  return prefix ? `torch.${prefix[1]}.${group.name.slice(prefix[0].length)}` : `torch.${group.name}`;
}

/** `Sum of the elements. In Python: sum(…). See torch.sum.` */
export function documentation(group: Group, door: Door, indent = ''): string {
  const base = group.name.replace(/_$/, '');
  const own = descriptions[base];
  const place = own && group.name.endsWith('_') ? `${own} In place.` : own;
  // The longest overload says most about the keywords.
  const richest = [...group.overloads].sort((a, b) => b.args.length - a.args.length)[0]!;
  const form = `\`${pythonForm(richest.args, group.name, door)}\``;
  const text = [place, `In Python: ${form}.`, `See ${page(group, door)}.`].filter(Boolean).join(' ');
  return `${indent}/** ${text.replaceAll('*/', '* /')} */`;
}
