// Prints whether a function that has run once is machine code: first one made before the call, then one made after it.
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { compileBeforeFirstRun } from '../baseline-compiler.ts';

setFlagsFromString('--allow-natives-syntax');

/** V8's kOptimizationStatus bit of `%GetOptimizationStatus`: the function's active tier is the baseline. */
const BASELINE = 1 << 15;

function runsBaselineCode(name: string): boolean {
  const status = runInThisContext(
    `function ${name}(x) { return x + 1; } ${name}(1); %GetOptimizationStatus(${name})`,
  ) as number;
  return (status & BASELINE) !== 0;
}

const before = runsBaselineCode('before');
compileBeforeFirstRun();
process.stdout.write(JSON.stringify([before, runsBaselineCode('after')]));
