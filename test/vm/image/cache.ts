import { join } from 'node:path';

/** Where packages and images are kept between runs, out of git. */
export const CACHE = join(import.meta.dirname, '../../../.cache/vm');
