import {
  Logind,
  type LogindOptions,
  type LogindUnavailableReason,
} from '../../packages/multiplexer/src/logind/index.ts';
import { LogindMock } from '../support/logind-mock.ts';
import { PrivateBus } from '../support/private-bus.ts';
import { within } from '../support/wait.ts';

/** A private bus, a mock of logind on it and clipmuxd's view of both, with what that view has told. */
export class LogindWorld {
  readonly bus: PrivateBus;
  readonly mock: LogindMock;
  readonly logind: Logind;
  /** Ids of the sessions that were active on seat0, at each `changed`; null for nobody. */
  readonly active: (string | null)[] = [];
  readonly told: (LogindUnavailableReason | 'available')[] = [];
  changes = 0;

  constructor(bus: PrivateBus, options: LogindOptions = {}) {
    this.bus = bus;
    this.mock = new LogindMock(bus.address);
    this.logind = new Logind({ address: bus.address, ...options });
    this.logind.on('changed', () => {
      this.changes++;
      this.active.push(this.activeId);
    });
    this.logind.on('availability', (_, reason) => this.told.push(reason ?? 'available'));
  }

  /** Alice (1) in the foreground of seat0, Bob (2) behind her, and all of it read. */
  static async withAliceAndBob(options: LogindOptions = {}): Promise<LogindWorld> {
    const world = new LogindWorld(await PrivateBus.start(), options);
    await world.mock.start();
    world.mock.addSession({ id: '1', display: ':0', leader: 4711, timestamp: 1_700_000_000_123_456n, active: true });
    world.mock.addSession({ id: '2', uid: 1001, user: 'bob', type: 'wayland' });
    await world.logind.start();
    return world;
  }

  get activeId(): string | null {
    return this.logind.activeOnSeat()?.id ?? null;
  }

  get ids(): readonly string[] {
    return [...this.logind.sessions.keys()];
  }

  /** Waits until this holds, looking at each `changed` and `availability`. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const { logind } = this;
    if (condition()) return;
    let look = (): void => {};
    const held = new Promise<void>((resolve) => {
      look = () => {
        if (condition()) resolve();
      };
      logind.on('changed', look);
      logind.on('availability', look);
    });
    try {
      await within(held, what);
    } finally {
      logind.off('changed', look);
      logind.off('availability', look);
    }
  }

  /** Waits until everything that the mock has sent so far has been heard and told: a further session comes and goes. */
  async drained(): Promise<void> {
    this.mock.addSession({ id: 'drained', seat: '' });
    await this.until(() => this.logind.sessions.has('drained'), 'the last signal');
    this.mock.removeSession('drained');
    await this.until(() => !this.logind.sessions.has('drained'), 'the last signal');
  }

  async end(): Promise<void> {
    this.logind.stop();
    await this.mock.stop();
    await this.bus.remove();
  }
}
