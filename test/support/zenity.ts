import { spawn } from 'node:child_process';
import { run, stopProcess } from './processes.ts';
import { until } from './wait.ts';
import type { Copier } from './xclip.ts';
import type { Display } from './xvfb.ts';

/** A GTK entry field on the display, driven by its keyboard shortcuts. */
export interface GtkEntry extends Copier {
  /** Presses a key or a combination of keys, such as `ctrl+v`, in the entry. */
  press(keys: string): Promise<void>;
  /** What the field held when Return was pressed; undefined if it was closed otherwise. */
  readonly answer: Promise<string | undefined>;
}

/** Opens a zenity entry dialog that holds `text` and waits until it has the keyboard. */
export async function openGtkEntry(xvfb: Display, text = ''): Promise<GtkEntry> {
  const title = `entry ${process.hrtime.bigint()}`;
  const child = spawn('zenity', ['--entry', `--title=${title}`, `--entry-text=${text}`], {
    env: { ...xvfb.env, NO_AT_BRIDGE: '1', GDK_BACKEND: 'x11' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.on('data', (piece: Buffer) => {
    stdout += piece.toString();
  });
  const answer = new Promise<string | undefined>((resolve) => {
    child.on('close', (code) => resolve(code === 0 ? stdout.replace(/\n$/, '') : undefined));
  });
  const done = answer.then(() => {});
  let window = '';
  await until(async () => {
    const found = await run('xdotool', ['search', '--onlyvisible', '--name', title], { env: xvfb.env });
    window = found.stdout.toString().trim().split('\n')[0] ?? '';
    return window !== '';
  }, 'the zenity window');
  // No window manager runs on the display, so nobody else gives the window the keyboard.
  await until(async () => {
    await run('xdotool', ['windowfocus', window], { env: xvfb.env });
    const focused = await run('xdotool', ['getwindowfocus'], { env: xvfb.env });
    return focused.stdout.toString().trim() === window;
  }, 'the keyboard focus');
  return {
    process: child,
    ended: done,
    answer,
    stop: (signal) => stopProcess(child, signal),
    press: async (keys) => {
      const outcome = await run('xdotool', ['key', '--clearmodifiers', keys], { env: xvfb.env });
      if (outcome.code !== 0) throw new Error(`xdotool ended with ${outcome.code}: ${outcome.stderr}`);
    },
  };
}
