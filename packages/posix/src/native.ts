import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PosixError } from './errors.ts';

/**
 * The C functions this package calls, typed. Each returns what C returns; after -1, `errno()` says why.
 * Buffers are passed by address and must be large enough for what the function writes.
 */
export interface Native {
  getsockopt(fd: number, level: number, name: number, value: Buffer, length: Buffer): number;
  socket(domain: number, type: number, protocol: number): number;
  sendto(fd: number, data: Buffer, size: number, flags: number, address: Buffer, addressSize: number): number;
  poll(descriptors: Buffer, count: number, timeoutMilliseconds: number): number;
  /** fcntl(2) with a number as its argument. */
  fcntl(fd: number, command: number, argument: number): number;
  /** syscall(2) with at most two arguments. */
  syscall(number: number, first: number, second: number): number;
  /** glibc's malloc_trim(3); undefined where the C library has none (musl). */
  readonly mallocTrim: ((pad: number) => number) | undefined;
  errno(): number;
}

/** The part of koffi's API that is used here. The object that koffi.node exports has it, with or without the npm package around it. */
interface Koffi {
  load(path: null): { func(definition: string): (...parameters: unknown[]) => unknown };
  errno(): number;
}

/**
 * Where a bundled program has koffi's binaries: a copy of the npm package `@koromix/koffi-PLATFORM-ARCH` beside it. That package's own
 * index.js picks the build for the C library at hand (glibc or musl) and exports koffi's functions.
 */
export const NATIVE_FOLDER = `native/koffi-${process.platform}-${process.arch}`;

let loaded: Native | PosixError | undefined;

/**
 * The native functions; koffi (9 to 15 ms, 3.4 MiB) is loaded at the first call.
 *
 * koffi is looked for beside the program (see {@link NATIVE_FOLDER}), then as the npm package, from this file's folder and from
 * the program's. Never from the working folder: whoever can write there must not get code into a daemon.
 *
 * @throws PosixError `native-unavailable`, at this and every later call, if no koffi works here
 */
export function native(): Native {
  loaded ??= load();
  if (loaded instanceof PosixError) throw loaded;
  return loaded;
}

function load(): Native | PosixError {
  const failures: string[] = [];
  for (const base of programFolders()) {
    const requireFrom = createRequire(join(base, 'anything.js'));
    const beside = join(base, NATIVE_FOLDER);
    // The requests are variables so that no bundler follows them: it would need every platform's binary.
    for (const request of existsSync(beside) ? [beside, 'koffi'] : ['koffi']) {
      try {
        return bind(asKoffi(requireFrom(request)));
      } catch (error) {
        failures.push(`${request}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`);
      }
    }
  }
  return new PosixError(
    'native-unavailable',
    `koffi cannot be loaded (${failures.join('; ')}): install the npm package koffi, or put its package ` +
      `@koromix/koffi-${process.platform}-${process.arch} beside the program as ${NATIVE_FOLDER}/`,
  );
}

/** Where this code may lie: its own folder (a CommonJS bundle has one), and the folder of the program being run. */
function programFolders(): string[] {
  const folders: string[] = [];
  if (typeof __dirname === 'string') folders.push(__dirname);
  const program = process.argv[1];
  if (program !== undefined) {
    try {
      // realpath, since a program is often started through a symbolic link in /usr/bin.
      folders.push(dirname(realpathSync(program)));
    } catch {
      // `node -`, or the program's file was replaced: its folder tells nothing then.
    }
  }
  return [...new Set(folders)];
}

function asKoffi(candidate: unknown): Koffi {
  const { load, errno } = candidate as Partial<Koffi>;
  if (typeof load !== 'function' || typeof errno !== 'function') throw new Error('not a koffi module');
  return candidate as Koffi;
}

function bind(koffi: Koffi): Native {
  // null is the program itself: node is linked to the C library, whatever its file is called.
  const libc = koffi.load(null);
  const integer = (definition: string) => {
    const call = libc.func(definition);
    return (...parameters: unknown[]) => Number(call(...parameters));
  };
  let mallocTrim: Native['mallocTrim'];
  try {
    mallocTrim = integer('int malloc_trim(size_t pad)');
  } catch {
    mallocTrim = undefined;
  }
  return {
    getsockopt: integer('int getsockopt(int fd, int level, int name, void *value, void *length)'),
    socket: integer('int socket(int domain, int type, int protocol)'),
    sendto: integer('long sendto(int fd, void *data, size_t size, int flags, void *address, uint32_t addressSize)'),
    poll: integer('int poll(void *descriptors, unsigned long count, int timeout)'),
    fcntl: integer('int fcntl(int fd, int command, int argument)'),
    syscall: integer('long syscall(long number, long first, long second)'),
    mallocTrim,
    errno: () => koffi.errno(),
  };
}
