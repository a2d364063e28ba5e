import { TorchIndexError } from '../../errors.js';
import { Dataset } from '../../utils/data/dataset.js';

/** What is applied to a sample or a target: a function, or a callable object such as a `transforms.Compose`. */
export type Transform<In, Out> = (input: In) => Out;

/** What every data set of images shares (`torchvision.datasets.VisionDataset`). */
export abstract class VisionDataset<Sample, Target, RawSample = unknown> extends Dataset<[Sample, Target]> {
  /** Applied to each raw sample, where there is one. The data loader may do its work itself. */
  readonly transform: Transform<RawSample, Sample> | null;
  /** Applied to each class number, where there is one. */
  readonly targetTransform: Transform<number, Target> | null;

  constructor(
    /** The folder that was asked for. */
    readonly root: string,
    settings: {
      transform?: Transform<RawSample, Sample> | null;
      targetTransform?: Transform<number, Target> | null;
    },
  ) {
    super();
    this.transform = settings.transform ?? null;
    this.targetTransform = settings.targetTransform ?? null;
  }

  /** A sample and its target with the transforms applied. */
  protected transformed(sample: RawSample, target: number): [Sample, Target] {
    return [
      this.transform ? this.transform(sample) : (sample as unknown as Sample),
      this.targetTransform ? this.targetTransform(target) : (target as unknown as Target),
    ];
  }

  /** A whole index in range; a negative one counts from the end, as in Python. */
  protected checkedIndex(index: number): number {
    const { length } = this;
    if (!Number.isInteger(index) || index < -length || index >= length) {
      throw new TorchIndexError(
        `${this.constructor.name}: index ${index} is out of range; it has ${length} samples`,
      );
    }
    return index < 0 ? index + length : index;
  }

  /** A line of {@link toString} beyond the usual ones. */
  protected extraRepr(): string {
    return '';
  }

  /** What Python prints for the data set. */
  override toString(): string {
    const lines = [`Number of datapoints: ${this.length}`, `Root location: ${this.root}`, this.extraRepr()];
    return [`Dataset ${this.constructor.name}`, ...lines.filter(Boolean).map((line) => `    ${line}`)].join(
      '\n',
    );
  }
}
