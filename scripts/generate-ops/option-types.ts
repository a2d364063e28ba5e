/** Names for the option objects of signatures. */
import { pascalCase } from './names.js';

/** Longer ones get a name of their own. */
const longestInline = 44;

function outField(outs: number): string[] {
  if (outs === 0) return [];
  return [`out?: ${outs === 1 ? 'Tensor' : `readonly [${Array(outs).fill('Tensor').join(', ')}]`}`];
}

/** The options of one signature, before required keywords are added. */
export interface Bag {
  /** Types that are extended: a named interface, TensorOptions. */
  readonly parents: readonly string[];
  readonly fields: readonly string[];
}

/** A bag with more fields as one type. */
export function bagType(bag: Bag, more: readonly string[] = []): string {
  const fields = [...more, ...bag.fields];
  const own = fields.length > 0 ? [`{ ${fields.join('; ')} }`] : [];
  return [...own, ...bag.parents].join(' & ');
}

/** Collects the types of options; one text has one name for an operator. */
export class OptionTypes {
  readonly #names = new Map<string, string>();
  readonly #fields = new Map<string, readonly string[]>();
  readonly #counts = new Map<string, number>();

  /** How a signature of `operator` refers to options with these fields. */
  use(operator: string, fields: readonly string[], factory: boolean, outs: number): Bag {
    const parents = factory ? ['TensorOptions'] : [];
    if (fields.join('; ').length <= longestInline) return { parents, fields: [...fields, ...outField(outs)] };
    return { parents: [this.#named(operator, fields), ...parents], fields: outField(outs) };
  }

  #named(operator: string, fields: readonly string[]): string {
    const text = fields.join('; ');
    const base = pascalCase(operator);
    const key = `${base} ${text}`;
    const known = this.#names.get(key);
    if (known) return known;
    const count = (this.#counts.get(base) ?? 0) + 1;
    this.#counts.set(base, count);
    const name = `${base}Options${count === 1 ? '' : count}`;
    this.#names.set(key, name);
    this.#fields.set(name, fields);
    return name;
  }

  /** The declarations, in alphabetical order. */
  declarations(): string[] {
    return [...this.#fields.keys()].sort().map((name) => {
      const fields = this.#fields.get(name)!;
      return `export interface ${name} {\n${fields.map((f) => `  ${f};\n`).join('')}}\n`;
    });
  }

  /** Names declared here that a text uses. */
  usedIn(text: string): string[] {
    const words = new Set(text.match(/\b[A-Z]\w*Options\d*\b/g) ?? []);
    return [...words].filter((word) => this.#fields.has(word)).sort();
  }
}
