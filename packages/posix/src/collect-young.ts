import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collector = (options: { readonly type: 'minor' }) => void;

let collector: Collector | undefined;

/** Collects what has died young, which takes less than a millisecond: the small objects that stand for buffers, and so the buffers. */
export function collectYoungGarbage(): void {
  if (!collector) {
    // V8 offers its collector to scripts only by this flag; set late, it costs nothing until then.
    setFlagsFromString('--expose-gc');
    collector = runInNewContext('gc') as Collector;
  }
  collector({ type: 'minor' });
}
