import type { ChildProcess } from 'node:child_process';
import type { SystemTool } from '../support/remedies.js';

/** An installation under way. */
export interface Staging {
  /** A folder of this installation alone, on the disk of the cache. */
  folder: string;
  /** The folder within it that becomes the set. */
  content: string;
  /** Takes note of a process that works for it, and has to end with it. */
  track: (child: ChildProcess) => void;
}

/** How one way of fetching LibTorch ended: the folder within the set, or why not. */
export type Attempt =
  | { folder: string; failure?: undefined }
  | {
      failure: string;
      /** The disk is full: another way would fail the same. */
      diskFull?: boolean;
      /** The network is the obstacle. */
      network?: boolean;
      /** What would have to be installed. */
      remedyTools?: readonly SystemTool[];
    };
