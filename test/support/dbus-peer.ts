import type { Socket } from 'node:net';
import dbus from 'dbus-next';

const { Message, Variant } = dbus;

/** A value for the bus with its D-Bus type. */
export const variant = (signature: string, value: unknown) => new Variant(signature, value);

/** A dictionary of type `a{sv}`. */
export type Dictionary = Record<string, InstanceType<typeof Variant>>;

/** What a method gives back: a signature and as many values. */
export type Reply = readonly [signature: string, ...values: unknown[]];

/** An error that goes to the caller of a method. */
export class BusFault extends Error {
  readonly errorName: string;

  constructor(errorName: string, message: string) {
    super(message);
    this.errorName = errorName;
  }
}

/** A call that came in. */
export interface IncomingCall {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly body: readonly unknown[];
  reply(reply: Reply): void;
  fail(fault: BusFault): void;
}

/** A process on a private bus, for tests: speaks raw messages over dbus-next, so a test decides everything that goes out. */
export class DBusPeer {
  readonly #bus: dbus.MessageBus;

  static async connect(address: string): Promise<DBusPeer> {
    const path = address.replace(/^unix:path=/, '');
    const bus = dbus.sessionBus({ busAddress: `unix:socket=${path}`, authMethods: ['EXTERNAL'] });
    await new Promise<void>((resolve, reject) => {
      bus.on('error', reject);
      bus.on('connect', resolve);
    });
    return new DBusPeer(bus);
  }

  private constructor(bus: dbus.MessageBus) {
    this.#bus = bus;
  }

  /** Its unique name. */
  get name(): string {
    return (this.#bus as unknown as { name: string }).name;
  }

  get stream(): Socket {
    return (this.#bus as unknown as { _connection: { stream: Socket } })._connection.stream;
  }

  /** Takes every method call that comes in. */
  onCall(handler: (call: IncomingCall) => void): void {
    this.#bus.addMethodHandler((message: dbus.Message) => {
      handler({
        path: message.path,
        interface: message.interface,
        member: message.member,
        body: message.body,
        reply: ([signature, ...values]) => this.#send(Message.newMethodReturn(message, signature, values)),
        // The library's types call the message a string.
        fail: (fault) => this.#send(Message.newError(message as unknown as string, fault.errorName, fault.message)),
      });
      return true;
    });
  }

  /** Sends a signal to all who asked for it, or to one process. */
  signal(path: string, interfaceName: string, member: string, reply: Reply, destination?: string): void {
    const [signature, ...values] = reply;
    const message = Message.newSignal(path, interfaceName, member, signature, values);
    if (destination !== undefined) message.destination = destination;
    this.#send(message);
  }

  /** Calls a method of the bus itself. */
  async callBus(member: string, ...[signature, ...body]: Reply): Promise<readonly unknown[]> {
    return this.call('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', member, [
      signature,
      ...body,
    ]);
  }

  async call(
    destination: string,
    path: string,
    interfaceName: string,
    member: string,
    [signature, ...body]: Reply,
  ): Promise<readonly unknown[]> {
    const reply = await this.#bus.call(
      new Message({ destination, path, interface: interfaceName, member, signature, body }),
    );
    return reply?.body ?? [];
  }

  /** A signal as bytes, for tests that spoil it before it goes out. */
  signalBytes(path: string, interfaceName: string, member: string, reply: Reply, destination: string): Promise<Buffer> {
    return new Promise((resolve) => {
      const { stream } = this;
      const write = stream.write;
      stream.write = (bytes: unknown) => {
        stream.write = write;
        resolve(bytes as Buffer);
        return true;
      };
      this.signal(path, interfaceName, member, reply, destination);
    });
  }

  /** Resolves once the bus has closed the connection. */
  closed(): Promise<void> {
    if (this.stream.closed) return Promise.resolve();
    return new Promise((resolve) => this.stream.once('close', () => resolve()));
  }

  /** Leaves the bus, which takes its names away. Resolves once that is so. */
  async disconnect(): Promise<void> {
    const gone = this.closed();
    this.#bus.disconnect();
    await gone;
  }

  #send(message: dbus.Message): void {
    if (this.stream.writable) this.#bus.send(message);
  }
}
