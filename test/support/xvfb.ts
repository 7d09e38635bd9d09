import { type ChildProcess, spawn } from 'node:child_process';
import { stopProcess } from './processes.ts';

/** How long an Xvfb may take until it accepts connections. */
const XVFB_START_TIMEOUT_MS = 20_000;

/** An X display that programs can be shown on. */
export interface Display {
  /** What goes into DISPLAY, such as `:7`. */
  readonly display: string;
  /** The environment a program needs to be shown on it. */
  readonly env: NodeJS.ProcessEnv;
}

/** A virtual X server of its own for one test. */
export interface Xvfb extends Display {
  readonly process: ChildProcess;
  /** Ends it; SIGKILL makes a server that crashes. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface XvfbOptions {
  /** A file of cookies: the server then refuses clients that show none of them. */
  readonly authFile?: string;
  /** Further arguments to Xvfb. */
  readonly args?: readonly string[];
}

/**
 * Starts Xvfb on a free display and waits until it is ready.
 *
 * Xvfb chooses the number itself and writes it to `-displayfd` once it listens, so two tests never fight over one.
 */
export async function startXvfb(options: XvfbOptions = {}): Promise<Xvfb> {
  const args = ['-displayfd', '3', '-screen', '0', '800x600x24', '-nolisten', 'tcp', '-noreset'];
  if (options.authFile !== undefined) args.push('-auth', options.authFile);
  args.push(...(options.args ?? []));
  const child = spawn('Xvfb', args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  const killAtExit = () => child.kill('SIGKILL'); // where a test fails before it stops its display
  process.once('exit', killAtExit);
  child.once('exit', () => process.removeListener('exit', killAtExit));
  let stderr = '';
  child.stderr?.on('data', (piece: Buffer) => {
    stderr = (stderr + piece.toString()).slice(-4000);
  });
  const number = await new Promise<string>((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`Xvfb was not ready within ${XVFB_START_TIMEOUT_MS} ms: ${stderr}`));
    }, XVFB_START_TIMEOUT_MS);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`Xvfb ended with ${code} before it was ready: ${stderr}`));
    });
    child.stdio[3]?.on('data', (piece: Buffer) => {
      text += piece.toString();
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      resolve(text.trim());
    });
  });
  const display = `:${number}`;
  const env: NodeJS.ProcessEnv = { ...process.env, DISPLAY: display, LC_ALL: 'C.UTF-8' };
  delete env['WAYLAND_DISPLAY'];
  if (options.authFile !== undefined) env['XAUTHORITY'] = options.authFile;
  else delete env['XAUTHORITY'];
  return { display, env, process: child, stop: (signal) => stopProcess(child, signal) };
}
