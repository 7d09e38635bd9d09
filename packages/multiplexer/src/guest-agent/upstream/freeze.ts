/** What is known of the file systems. `freezing`: a freeze was asked for and nobody has said how it ended. */
export type FreezeState = 'thawed' | 'freezing' | 'frozen';

/** What qemu-ga allows while file systems are frozen (qga/main.c, ga_freeze_allowlist). */
const ALLOWED_WHILE_FROZEN: ReadonlySet<string> = new Set([
  'guest-ping',
  'guest-info',
  'guest-sync',
  'guest-sync-delimited',
  'guest-fsfreeze-status',
  'guest-fsfreeze-thaw',
]);

const FREEZES: ReadonlySet<string> = new Set(['guest-fsfreeze-freeze', 'guest-fsfreeze-freeze-list']);
const THAW = 'guest-fsfreeze-thaw';
const STATUS = 'guest-fsfreeze-status';

/**
 * Whether file systems are frozen, as far as the commands and answers that pass through tell. From before a freeze until its thaw
 * clipmuxd must not write to a disk or the journal: it would hang, and with it the way to the thaw.
 */
export class Freeze {
  readonly #changed: (quiet: boolean) => void;
  #state: FreezeState = 'thawed';
  #before: FreezeState = 'thawed';
  #waiting: (() => void)[] = [];

  /** @param changed told whether nothing may be written from now on */
  constructor(changed: (quiet: boolean) => void) {
    this.#changed = changed;
  }

  get state(): FreezeState {
    return this.#state;
  }

  /** Whether the command may be carried out now. */
  allows(command: string): boolean {
    return this.#state !== 'frozen' || ALLOWED_WHILE_FROZEN.has(command);
  }

  /** Resolves when nothing is frozen, at once where nothing is. */
  thawed(): Promise<void> {
    if (this.#state === 'thawed') return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The command is about to go to qemu-ga. */
  asking(command: string): void {
    if (!FREEZES.has(command)) return;
    this.#before = this.#state;
    this.#enter('freezing');
  }

  /** qemu-ga has answered the command. */
  answered(command: string, answer: Buffer): void {
    const isFreeze = FREEZES.has(command);
    if (!isFreeze && command !== THAW && command !== STATUS) return;
    const value = returnOf(answer);
    if (isFreeze) {
      // Of a freeze that fails qemu-ga thaws what it had frozen. One that found nothing to freeze has frozen nothing.
      if (value === undefined) this.#enter(this.#before === 'frozen' ? 'frozen' : 'thawed');
      else this.#enter(value === 0 ? this.#before : 'frozen');
    } else if (command === THAW) {
      if (value !== undefined) this.#enter('thawed');
    } else if (value === 'thawed' || value === 'frozen') {
      this.#enter(value);
    }
  }

  #enter(state: FreezeState): void {
    const wasQuiet = this.#state !== 'thawed';
    this.#state = state;
    const quiet = state !== 'thawed';
    if (quiet !== wasQuiet) this.#changed(quiet);
    if (!quiet) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** The `return` of an answer; undefined where it has none. */
function returnOf(answer: Buffer): unknown {
  try {
    return (JSON.parse(answer.toString()) as { return?: unknown } | null)?.return;
  } catch {
    return undefined;
  }
}
