/**
 * The keywords of a call, as one number: `{ dim: 1, keepdim: true }` goes down as the number of
 * (`dim`, `keepdim`) and two values, so that a call with options costs little more than one without.
 */
import { native } from '../native.js';

/** The names of keywords in the order of their values; those with one name more hang below it. */
export class KeywordNames {
  /** What the native side knows them by. */
  readonly number: number;
  /** Whether `out` is among them. */
  readonly out: boolean;
  private readonly names: readonly string[];
  private readonly longer = new Map<string, KeywordNames>();

  constructor(names: readonly string[]) {
    this.names = names;
    this.number = names.length === 0 ? 0 : native.keywords(names);
    this.out = names.includes('out');
  }

  /** These names and one more. */
  and(name: string): KeywordNames {
    let longer = this.longer.get(name);
    if (longer === undefined) {
      longer = new KeywordNames([...this.names, name]);
      this.longer.set(name, longer);
    }
    return longer;
  }
}

/** A call without keywords. */
export const noKeywords = new KeywordNames([]);
