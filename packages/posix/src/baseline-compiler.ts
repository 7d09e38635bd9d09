import { setFlagsFromString } from 'node:v8';

/**
 * From now on V8 compiles each function to machine code (by its quick baseline compiler) before its first run, instead of interpreting it
 * until it has run a few hundred times. A clipboard is used now and then: without this most copies in a session's life run interpreted.
 *
 * To be called when the program is up, so that what runs only once, at the start, does not take memory for it.
 */
export function compileBeforeFirstRun(): void {
  setFlagsFromString('--always-sparkplug');
}
