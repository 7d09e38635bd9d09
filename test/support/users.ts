import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './processes.ts';

const DIST = join(import.meta.dirname, '../../dist');

/** Begins the names of the users that tests make: nobody takes them for people, and two runs at once have their own. */
const PREFIX = `clipmux-test-${process.pid}-`;

/** A user of this machine, with a group of their own. */
export interface TestUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Tests that act as several users need root to become them. @throws saying so */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new Error('this test makes users and acts as each of them: run it as root (sudo npm test), as CI does');
}

/** Makes users. What is given here is the end of their names. */
export async function makeUsers<const N extends string>(...names: readonly N[]): Promise<Record<N, TestUser>> {
  requireRoot();
  const users = {} as Record<N, TestUser>;
  for (const each of names) {
    const name = PREFIX + each;
    await command('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', name]);
    users[each] = { name, ...(await idsOf(name)) };
  }
  return users;
}

/** Removes what {@link makeUsers} made. Processes of theirs must have ended. */
export async function removeUsers(users: Readonly<Record<string, TestUser>> = {}): Promise<void> {
  for (const { name } of Object.values(users)) await command('userdel', ['--force', name]);
}

async function idsOf(name: string): Promise<{ uid: number; gid: number }> {
  const [, , uid, gid] = (await command('getent', ['passwd', name])).split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

async function command(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr.trim()}`);
  return stdout.toString();
}

/**
 * Connects to a unix socket as this user: the kernel records the effective user at connect(2), which Node calls before it returns.
 * To be used where a test's process has one thread of JavaScript, as vitest's have.
 */
export function connectAs(uid: number, path: string, options: { readonly reads?: boolean } = {}): Socket {
  requireRoot();
  process.seteuid?.(uid);
  try {
    const socket = connect(path);
    // A test that is torn down need not hear of it; who cares listens for `close`.
    socket.on('error', () => {});
    if (options.reads === false) socket.pause();
    return socket;
  } finally {
    process.seteuid?.(0);
  }
}

/** The built programs and Node where every user can run them: a clone in root's home is closed to others. */
export class PublicPrograms {
  /** For sockets and other files, too: all users may enter, only root may write. */
  readonly directory = mkdtempSync(join(tmpdir(), 'clipmux-public-'));
  readonly dist = join(this.directory, 'dist');
  readonly node: string;

  constructor() {
    requireRoot();
    chmodSync(this.directory, 0o755);
    cpSync(DIST, this.dist, { recursive: true });
    this.node = this.#nodeForAll();
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #nodeForAll(): string {
    const { status } = spawnSync(process.execPath, ['--version'], { uid: NOBODY, gid: NOBODY });
    if (status === 0) return process.execPath;
    const copy = join(this.directory, 'node');
    copyFileSync(process.execPath, copy);
    return copy;
  }
}

/** The uid and gid that belong to nobody in particular (Debian: nobody, nogroup). */
export const NOBODY = 65534;
