import type { Selection } from '../../support/xclip.ts';
import type { User } from './recipe.ts';
import type { Shell } from './shell.ts';

/** How long a paste may take before it counts as hanging. clipmux itself answers after 8 s at most when a host does not. */
const PASTE_TIMEOUT_SECONDS = 60;

/** One user's graphical session in the guest: its clipboard, by xclip. */
export class GuestSession {
  readonly user: User;
  readonly display: string;
  readonly #shell: Shell;

  constructor(shell: Shell, user: User, display: string) {
    this.#shell = shell;
    this.user = user;
    this.display = display;
  }

  /** A command line that runs as the user on the user's display. */
  command(line: string): string {
    const environment = `HOME=/home/${this.user} DISPLAY=${this.display} XAUTHORITY=/home/${this.user}/.Xauthority`;
    return `setpriv --reuid ${this.user} --regid ${this.user} --init-groups env ${environment} LC_ALL=C.UTF-8 ${line}`;
  }

  run(line: string): Promise<string> {
    return this.#shell.succeed(this.command(line));
  }

  /** Copies with xclip, which stays as owner until something else is copied. */
  async copy(content: Uint8Array | string, selection: Selection = 'clipboard', target = 'UTF8_STRING'): Promise<void> {
    await this.#shell.succeed(this.command(`xclip -i -selection ${selection} -t ${target} >/dev/null 2>&1`), {
      input: content,
    });
  }

  /** Pastes with xclip. Rejects where nothing is offered, or after a minute. */
  async paste(selection: Selection = 'clipboard', target = 'UTF8_STRING'): Promise<Buffer> {
    return this.#shell.bytes(
      this.command(`timeout ${PASTE_TIMEOUT_SECONDS} xclip -o -selection ${selection} -t ${target}`),
    );
  }

  /** What a program gets that pastes where there may be nothing: empty text then. */
  async pasteAny(selection: Selection = 'clipboard'): Promise<string> {
    const { stdout } = await this.#shell.run(
      this.command(`timeout ${PASTE_TIMEOUT_SECONDS} xclip -o -selection ${selection} -t UTF8_STRING`),
    );
    return stdout.toString();
  }

  /** The targets that a program may ask for; none where nobody owns the selection. */
  async targets(selection: Selection = 'clipboard'): Promise<string[]> {
    const { stdout } = await this.#shell.run(this.command(`timeout 20 xclip -o -selection ${selection} -t TARGETS`));
    return stdout.toString().split('\n');
  }

  /** Where the pointer is on the session's display, in pixels. */
  async pointer(): Promise<{ readonly x: number; readonly y: number }> {
    const text = await this.run('xdotool getmouselocation --shell');
    const part = (name: string) => Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(text)?.[1]);
    return { x: part('X'), y: part('Y') };
  }

  /** Width and height of the session's display, in pixels. */
  async resolution(): Promise<readonly [number, number]> {
    const [width = 0, height = 0] = (await this.run('xdotool getdisplaygeometry')).trim().split(' ').map(Number);
    return [width, height];
  }

  /** The size that the display's first output would have best, in pixels. */
  async preferredResolution(): Promise<readonly [number, number]> {
    const [, width = 0, height = 0] = /^ +(\d+)x(\d+) .*\+ *$/m.exec(await this.run('xrandr')) ?? [];
    return [Number(width), Number(height)];
  }
}
