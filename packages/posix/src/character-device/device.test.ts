import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTerminalDevice, type TerminalDevice } from '../testing/terminal-device.ts';
import { CharacterDevice, type CharacterDeviceMethod } from './device.ts';
import { CharacterDeviceError } from './errors.ts';
import { busyMessage, explainOpenError, explainTransferError } from './explain.ts';
import { findHolder } from './holder.ts';
import { pipeWrap } from './pipe-handle.ts';
import { PipeStream } from './pipe-stream.ts';
import { PollingStream } from './polling-stream.ts';

const systemError = (code: string) => Object.assign(new Error(`${code}: something`), { code });
const checksum = (data: Buffer) => createHash('sha256').update(data).digest('hex');

function openDescriptorsOf(path: string): number {
  const names = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return names.filter((target) => target === path || target === `${path} (deleted)`).length;
}

function errorOf(action: () => unknown): CharacterDeviceError {
  try {
    action();
  } catch (error) {
    if (error instanceof CharacterDeviceError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

async function readExactly(stream: Duplex, size: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let total = 0;
  while (total < size) {
    const piece = stream.read() as Buffer | null;
    if (piece === null) await once(stream, 'readable');
    else {
      pieces.push(piece);
      total += piece.length;
    }
  }
  return Buffer.concat(pieces);
}

describe.each<CharacterDeviceMethod>(['pipe', 'polling'])('a character device with a host, by %s', (method) => {
  let device: TerminalDevice;
  let stream: Duplex;

  beforeEach(async () => {
    device = await createTerminalDevice();
  });

  afterEach(() => {
    stream?.destroy();
    device.remove();
  });

  it('stays open where it is to, and gives the next stream what came in between', async () => {
    const opened = CharacterDevice.open(device.path);
    stream = opened.connect(method, true);
    const first = once(stream, 'data');
    device.host.write('first');
    expect(String((await first)[0])).toBe('first');
    const closed = once(stream, 'close');
    stream.destroy();
    await closed;
    expect(opened.isOpen).toBe(true);
    device.host.write('in between');
    stream = opened.connect(method, true);
    expect(String(await readExactly(stream, 10))).toBe('in between');
    opened.close();
    expect(openDescriptorsOf(realpathSync(device.path))).toBe(1);
    device.host.resume();
    const heard = once(device.host, 'data');
    stream.write('answer');
    expect(String((await heard)[0])).toBe('answer');
  });

  it('is a stream of the expected kind', () => {
    stream = CharacterDevice.open(device.path).connect(method);
    expect(stream).toBeInstanceOf(method === 'pipe' ? PipeStream : PollingStream);
  });

  it('carries data both ways unchanged', async () => {
    stream = CharacterDevice.open(device.path).connect(method);
    const data = randomBytes(300_000);
    stream.write(data);
    expect(checksum(await readExactly(device.host, data.length))).toBe(checksum(data));
    device.host.write(data);
    expect(checksum(await readExactly(stream, data.length))).toBe(checksum(data));
  });

  it('delivers what the host had sent before, first and once', async () => {
    const waiting = CharacterDevice.open(device.path);
    device.host.write('before ');
    // The terminal's other side is a process of its own: wait until its bytes are there.
    while (spawnSync('python3', ['-c', WAITING_BYTES, device.path], { encoding: 'utf8' }).stdout !== '7');
    stream = waiting.connect(method);
    device.host.write('after');
    expect((await readExactly(stream, 12)).toString()).toBe('before after');
  });

  it('ends, closes and gives its descriptor back when the host goes', async () => {
    stream = CharacterDevice.open(device.path).connect(method);
    const terminal = realpathSync(device.path);
    expect(openDescriptorsOf(terminal)).toBe(1);
    device.host.end('last words');
    const pieces: Buffer[] = [];
    const events: string[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    for (const name of ['end', 'error', 'close']) stream.on(name, () => events.push(name));
    await once(stream, 'close');
    expect(Buffer.concat(pieces).toString()).toBe('last words');
    expect(events).toEqual(['end', 'close']);
    expect(openDescriptorsOf(terminal)).toBe(0);
  });

  it('writes everything before it closes, when ended from our side', async () => {
    stream = CharacterDevice.open(device.path).connect(method);
    const data = randomBytes(100_000);
    stream.end(data);
    expect(checksum(await readExactly(device.host, data.length))).toBe(checksum(data));
    if (!stream.closed) await once(stream, 'close');
    expect(stream.errored).toBeNull();
  });

  it('holds back the writer while the host does not read, and loses nothing', async () => {
    stream = CharacterDevice.open(device.path).connect(method);
    const data = randomBytes(2_000_000);
    expect(stream.write(data)).toBe(false);
    let drained = false;
    stream.once('drain', () => {
      drained = true;
    });
    // Nobody reads: with all of socat's and the socket's buffers 2 MB cannot go through in the time of some round trips.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(drained).toBe(false);
    expect(checksum(await readExactly(device.host, data.length))).toBe(checksum(data));
    if (!drained) await once(stream, 'drain');
  });

  it('can be destroyed with a read and a write pending, at once', async () => {
    stream = CharacterDevice.open(device.path).connect(method);
    stream.on('data', () => {});
    stream.write(randomBytes(2_000_000), () => {});
    stream.destroy();
    await once(stream, 'close');
    expect(stream.errored).toBeNull();
  });

  it('does not keep the process from leaving with a read pending', () => {
    const program = `import('${new URL('./device.ts', import.meta.url).href}').then(({ CharacterDevice }) => {
      CharacterDevice.open('${device.path}').connect('${method}').on('data', () => {});
      setTimeout(() => process.exit(7), 50);
    })`;
    const child = spawnSync(process.execPath, ['--import', 'tsx', '-e', program], { encoding: 'utf8', timeout: 5_000 });
    expect([child.status, child.stderr]).toEqual([7, '']);
  });
});

/** FIONREAD: how many bytes can be read now. */
const WAITING_BYTES = `
import array, fcntl, os, sys, termios
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
size = array.array('i', [0]); fcntl.ioctl(fd, termios.FIONREAD, size); print(size[0], end='')`;

describe('pipe_wrap, the part of process.binding that clipmux needs', () => {
  it('exists in this Node; if this fails, devices are polled with timers: find a new way to hand libuv a descriptor', () => {
    expect(pipeWrap()).toBeDefined();
  });

  it('is done without where Node forbids or lacks it', () => {
    expect(pipeWrap({})).toBeUndefined();
    expect(pipeWrap({ binding: () => ({}) })).toBeUndefined();
    const forbids = () => {
      throw systemError('ERR_INVALID_MODULE');
    };
    expect(pipeWrap({ binding: forbids })).toBeUndefined();
  });

  it('is polled instead, when process.binding is gone', async () => {
    const device = await createTerminalDevice();
    const host = process as { binding?: unknown };
    const before = host.binding;
    delete host.binding;
    try {
      const stream = CharacterDevice.open(device.path).connect();
      expect(stream).toBeInstanceOf(PollingStream);
      stream.destroy();
      expect(errorOf(() => CharacterDevice.open(device.path).connect('pipe')).code).toBe('failed');
    } finally {
      host.binding = before;
      device.remove();
    }
  });

  it('warns of nothing, not even where Node is asked to warn of what will be deprecated', () => {
    const program = `import('${new URL('./pipe-handle.ts', import.meta.url).href}').then(({ pipeWrap }) =>
      console.log(typeof pipeWrap()?.Pipe, process.noDeprecation))`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--pending-deprecation', '--no-warnings=ExperimentalWarning', '--import', 'tsx', '-e', program],
      { encoding: 'utf8' },
    );
    expect(stdout).toBe('function undefined\n');
    expect(stderr).not.toContain('DEP0111');
  });
});

describe('opening', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clipmux-device-'));
    chmodSync(folder, 0o755);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('says that the device is missing, and what to do', () => {
    const path = join(folder, 'none');
    const error = errorOf(() => CharacterDevice.open(path));
    expect([error.code, error.path]).toEqual(['missing', path]);
    expect(error.message).toContain('virtio-serial port');
  });

  it('says that the device may not be opened by this user', () => {
    const path = join(folder, 'private');
    writeFileSync(path, '', { mode: 0o000 });
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65534);
    try {
      expect(errorOf(() => CharacterDevice.open(path)).code).toBe('denied');
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  it('says that the host is absent as often as asked, on the same descriptor, until closed', () => {
    // Reading /dev/null gives end of file, as a port without a host does.
    const before = openDescriptorsOf('/dev/null');
    const device = CharacterDevice.open('/dev/null');
    expect(errorOf(() => device.connect()).code).toBe('host-absent');
    expect(errorOf(() => device.connect()).code).toBe('host-absent');
    expect(openDescriptorsOf('/dev/null')).toBe(before + 1);
    device.close();
    device.close();
    expect(openDescriptorsOf('/dev/null')).toBe(before);
    expect(errorOf(() => device.connect()).code).toBe('aborted');
  });

  it('says that something else is wrong, and closes the descriptor', () => {
    const error = errorOf(() => CharacterDevice.open(folder));
    expect(error.code).toBe('failed');
    expect(error.message).toContain('EISDIR');
  });
});

describe('the explanations', () => {
  it.each([
    ['ENOENT', 'missing'],
    ['ENXIO', 'missing'],
    ['ENODEV', 'missing'],
    ['EBUSY', 'busy'],
    ['EACCES', 'denied'],
    ['EPERM', 'denied'],
    ['EMFILE', 'failed'],
  ])('opening with %s is %s', (code, expected) => {
    expect(explainOpenError('/dev/nothing', systemError(code)).code).toBe(expected);
  });

  it.each([
    ['ENODEV', 'gone'],
    ['EIO', 'gone'],
    ['EINVAL', 'failed'],
  ])('reading or writing with %s is %s', (code, expected) => {
    expect(explainTransferError('/dev/nothing', systemError(code)).code).toBe(expected);
  });

  it('name the holder of a busy device where it can be seen, also through a symbolic link as udev makes it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clipmux-holder-'));
    const [device, link] = [join(folder, 'vport1p1'), join(folder, 'com.redhat.spice.0')];
    writeFileSync(device, '');
    symlinkSync(device, link);
    const holder = spawn('sleep', ['60'], { stdio: [openSync(device, 'r'), 'ignore', 'ignore'] });
    try {
      // Until exec the child has our name.
      while (findHolder(link)?.name !== 'sleep') await new Promise((resolve) => setImmediate(resolve));
      expect(findHolder(link)).toEqual({ pid: holder.pid, name: 'sleep' });
      const error = explainOpenError(link, systemError('EBUSY'));
      expect(error.message).toContain(`${link} is held by another process`);
      expect(error.message).toContain(`sleep, pid ${holder.pid}`);
    } finally {
      holder.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });

  it('do not take ourselves for the holder, and say how to find one that cannot be seen', () => {
    const path = join(tmpdir(), `clipmux-holder-${process.pid}`);
    const fd = openSync(path, 'w');
    try {
      expect(findHolder(path)).toBeUndefined();
      expect(findHolder(path, -1)?.pid).toBe(process.pid);
    } finally {
      closeSync(fd);
      rmSync(path);
    }
    expect(busyMessage('/dev/vport1p1', undefined)).toContain('(fuser -v /dev/vport1p1, as root, names it)');
  });
});
