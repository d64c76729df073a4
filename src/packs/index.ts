import type { Pack } from '../core/pack.ts';
import { documentation } from './documentation/index.ts';

/** The packs of this release, one line each. */
export const packs: readonly Pack[] = [documentation];
