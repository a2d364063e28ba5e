/** The files of a run: written whole or not at all, the last one, the best one, a few before. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FileFormatError, ValueError } from '../errors.js';
import { load, save } from '../serialization/index.js';
import type { MonitorOptions } from './monitor.js';

/** How often checkpoints are written, how many stay, and which is the best. */
export interface CheckpointOptions extends MonitorOptions {
  /** Epochs from one to the next. Default: 1. */
  every?: number;
  /** Steps from one to the next inside an epoch. Default: none there. */
  everySteps?: number;
  /** How many `epoch-N.pth` stay beside `last.pth` and `best.pth`. Default: 0. */
  keep?: number;
}

const epochFile = /^epoch-(\d+)\.pth$/;

/** @internal The checkpoints of one folder. */
export class CheckpointStore {
  readonly every: number;
  readonly everySteps: number | null;
  private readonly keep: number;

  constructor(
    readonly folder: string,
    options: CheckpointOptions = {},
  ) {
    const { every = 1, everySteps = null, keep = 0 } = options;
    for (const [name, value, least] of [
      ['every', every, 1],
      ['everySteps', everySteps ?? 1, 1],
      ['keep', keep, 0],
    ] as const)
      if (!Number.isInteger(value) || value < least)
        throw new ValueError(
          `Trainer: checkpoint.${name} must be a whole number from ${least}, got ${value}`,
        );
    this.every = every;
    this.everySteps = everySteps;
    this.keep = keep;
  }

  get last(): string {
    return join(this.folder, 'last.pth');
  }

  get best(): string {
    return join(this.folder, 'best.pth');
  }

  /** Whether there is one to go on from. */
  exists(): boolean {
    return existsSync(this.last);
  }

  /**
   * Writes `last.pth`; with `epoch` also `epoch-N.pth`, with `isBest` also `best.pth`.
   *
   * @param epoch The epoch that has ended, counted from 1, or null inside one.
   */
  async write(state: Record<string, unknown>, epoch: number | null, isBest: boolean): Promise<void> {
    await this.makeFolder();
    await save(state, this.last);
    if (isBest) await twin(this.last, this.best);
    if (epoch === null || this.keep === 0) return;
    await twin(this.last, join(this.folder, `epoch-${String(epoch).padStart(4, '0')}.pth`));
    await this.prune();
  }

  private async makeFolder(): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true });
    } catch (cause) {
      throw new FileFormatError(
        `checkpointDir ${this.folder} cannot be made: ${(cause as Error).message}; give a folder that can be written to`,
        { cause },
      );
    }
  }

  private async prune(): Promise<void> {
    const numbered = (await readdir(this.folder))
      .map((name) => ({ name, epoch: Number(epochFile.exec(name)?.[1] ?? Number.NaN) }))
      .filter(({ epoch }) => !Number.isNaN(epoch))
      .sort((a, b) => b.epoch - a.epoch);
    for (const { name } of numbered.slice(this.keep)) await rm(join(this.folder, name), { force: true });
  }
}

/** The same file under a second name, in the place of what had that name; a copy where there are no links. */
async function twin(from: string, to: string): Promise<void> {
  const draft = join(dirname(to), `.${basename(to)}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    // Checkpoints are replaced and never written to, so both names stay what they are.
    await link(from, draft).catch(() => copyFile(from, draft));
    await rename(draft, to);
  } catch (cause) {
    await rm(draft, { force: true });
    throw new FileFormatError(`${to} could not be written: ${(cause as Error).message}`, { cause });
  }
}

/** Reads a checkpoint on to the CPU. @throws FileFormatError for a missing file or one of another kind */
export async function readCheckpoint(file: string): Promise<Record<string, unknown>> {
  if (!existsSync(file))
    throw new FileFormatError(
      `there is no checkpoint ${file}; resume: true goes on from checkpointDir, or starts where that is empty`,
    );
  const state = (await load(file, { mapLocation: 'cpu' })) as Record<string, unknown> | null;
  if (typeof state !== 'object' || state === null || state.format !== checkpointFormat)
    throw new FileFormatError(
      `${file} is no checkpoint of a Trainer; load a state dict by model.loadStateDict(await torch.load(file))`,
    );
  if (state.version !== checkpointVersion)
    throw new FileFormatError(
      `${file} is a Trainer checkpoint of version ${String(state.version)}, this one reads ${checkpointVersion}`,
    );
  return state;
}

export const checkpointFormat = 'torchts.Trainer';
export const checkpointVersion = 1;
