import { BusFault, DBusPeer, type IncomingCall } from './dbus-peer.ts';
import { within } from './wait.ts';

const NAME = 'org.freedesktop.Notifications';

/** A notice as a service gets it: https://specifications.freedesktop.org/notification-spec/latest/protocol.html#command-notify */
export interface Notice {
  readonly application: string;
  readonly replaces: number;
  readonly icon: string;
  readonly summary: string;
  readonly body: string;
  readonly actions: readonly string[];
  readonly hints: object;
  readonly expiry: number;
  /** The id that it was given. */
  readonly id: number;
}

/** A notification service on a private bus that shows nothing and remembers all. */
export class NotificationsMock {
  /** How it answers: as it should, with an error, or not at all. */
  behaviour: 'answers' | 'refuses' | 'is silent' = 'answers';
  readonly #peer: DBusPeer;
  readonly #notices: Notice[] = [];
  #arrived: () => void = () => {};
  #lastId = 40;

  /** Takes the service's name on the bus at this address. */
  static async start(address: string): Promise<NotificationsMock> {
    const peer = await DBusPeer.connect(address);
    const mock = new NotificationsMock(peer);
    const [answer] = await peer.callBus('RequestName', 'su', NAME, 4);
    if (answer !== 1) throw new Error(`the bus did not give the mock the name ${NAME}: ${String(answer)}`);
    return mock;
  }

  private constructor(peer: DBusPeer) {
    this.#peer = peer;
    peer.onCall((call) => this.#take(call));
  }

  /** Notices that nobody has taken yet. */
  get waiting(): number {
    return this.#notices.length;
  }

  /** Takes the oldest notice, and waits for one where there is none. */
  async next(): Promise<Notice> {
    while (this.#notices.length === 0) {
      const arrived = new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
      await within(arrived, 'a notice');
    }
    return this.#notices.shift() as Notice;
  }

  /** Unique names of all who are on the bus, but for the mock itself. */
  async others(): Promise<readonly string[]> {
    const [names] = await this.#peer.callBus('ListNames', '');
    return (names as string[]).filter((name) => name.startsWith(':') && name !== this.#peer.name);
  }

  async stop(): Promise<void> {
    await this.#peer.disconnect();
  }

  #take(call: IncomingCall): void {
    if (call.interface !== NAME || call.member !== 'Notify')
      return call.fail(new BusFault('org.freedesktop.DBus.Error.UnknownMethod', 'no such method'));
    const [application, replaces, icon, summary, body, actions, hints, expiry] = call.body;
    const id = replaces === 0 ? ++this.#lastId : Number(replaces);
    const notice = { application, replaces, icon, summary, body, actions, hints, expiry, id } as Notice;
    this.#notices.push(notice);
    this.#arrived();
    if (this.behaviour === 'answers') call.reply(['u', id]);
    if (this.behaviour === 'refuses') call.fail(new BusFault(`${NAME}.Error.ExcessNotificationGeneration`, 'too many'));
  }
}
