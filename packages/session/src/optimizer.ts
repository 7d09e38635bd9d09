import { setFlagsFromString } from 'node:v8';

/**
 * Does some work that runs but once without V8's optimizing compiler, and switches that on again for what follows. While the X server's
 * greeting is read, one small function of Node's own is called so often that the compiler takes it up; the first time it runs it brings
 * 3.7 MiB of Node's program file into memory, and an agent that nobody uses would keep them. In use it is worth them: converting large
 * text takes twice the time without it.
 */
export async function withoutOptimizing<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString('--no-opt');
  try {
    return await work();
  } finally {
    setFlagsFromString('--opt');
  }
}
