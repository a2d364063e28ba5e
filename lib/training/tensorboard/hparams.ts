import { ArgumentError } from '../../errors.js';
import { Fields, type SummaryValue } from './messages.js';
import { WireType } from './packages.js';

/** A hyperparameter's value; `null` and `undefined` are left out. */
export type HparamValue = number | string | boolean | null | undefined;

const hparamType = { string: 1, boolean: 2, number: 3 } as const;
const statusSuccess = 1;

type Known = number | string | boolean;

/** `google.protobuf.Value`. */
function protoValue(value: Known): Fields {
  if (typeof value === 'number') {
    return new Fields().present(2, WireType.Bit64, (to) => to.double(value));
  }
  if (typeof value === 'string') {
    return new Fields().present(3, WireType.LengthDelimited, (to) => to.string(value));
  }
  return new Fields().present(4, WireType.Varint, (to) => to.bool(value));
}

function plugin(tag: string, content: Fields): SummaryValue {
  return { tag, plugin: { name: 'hparams', content: content.finish() } };
}

function checkKind(name: string, value: unknown): asserts value is Known {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return;
  throw new ArgumentError(
    `hparamDict.${name} must be a number, a string, a boolean or null, got ${typeof value}`,
  );
}

/**
 * The three summaries that TensorBoard's hparams plugin reads: what the experiment varies and measures,
 * the values of this run, and that it ended well.
 */
export function hparamsSummaries(
  hparams: Readonly<Record<string, HparamValue>>,
  metrics: readonly string[],
  domains: Readonly<Record<string, readonly Known[]>>,
): SummaryValue[] {
  const experiment = new Fields();
  const start = new Fields();
  for (const [name, values] of Object.entries(domains)) {
    const fits = Array.isArray(values) && values.every((value) => typeof value === typeof hparams[name]);
    if (!(name in hparams) || !fits) {
      throw new ArgumentError(
        `hparamDomainDiscrete.${name} must be an array of the same type as hparamDict.${name}`,
      );
    }
  }
  for (const [name, value] of Object.entries(hparams)) {
    if (value === null || value === undefined) continue;
    checkKind(name, value);
    start.message(1, new Fields().string(1, name).message(2, protoValue(value)));
    const info = new Fields().string(1, name).int(4, hparamType[typeof value as keyof typeof hparamType]);
    const domain = domains[name];
    if (domain) {
      const list = new Fields();
      for (const choice of domain) list.message(1, protoValue(choice));
      info.message(5, list);
    }
    experiment.message(4, info);
  }
  for (const tag of metrics) {
    experiment.message(5, new Fields().message(1, new Fields().string(2, tag)));
  }
  return [
    plugin('_hparams_/experiment', new Fields().message(2, experiment)),
    plugin('_hparams_/session_start_info', new Fields().message(3, start)),
    plugin('_hparams_/session_end_info', new Fields().message(4, new Fields().int(1, statusSuccess))),
  ];
}
