import type { Socket } from 'node:net';
import { NODE_TIMERS, type Timers } from '@clipmux/rpc';
import type dbus from 'dbus-next';
import { NOTICE_TIMEOUT_MS } from '../limits.ts';
import { NoticeError } from './errors.ts';
import type { NoticeText } from './text.ts';

/** https://specifications.freedesktop.org/notification-spec/latest/protocol.html */
const SERVICE = 'org.freedesktop.Notifications';
const PATH = '/org/freedesktop/Notifications';

/** How the bus says that a name is nobody's, and that it knows nobody to start for it or could not. */
const NO_SERVICE = /^org\.freedesktop\.DBus\.Error\.(ServiceUnknown|NameHasNoOwner|Spawn\..*)$/;

/** The service chooses how long it shows a notice. */
const DEFAULT_EXPIRY = -1;

export interface NotifyOptions {
  /** A notice of ours to take the place of, by the id that it got; 0 for none. */
  readonly replaces: number;
  /** Gives up. */
  readonly signal: AbortSignal;
  readonly timers?: Timers;
}

/** What is used of dbus-next's bus beyond its types: the stream, and who waits for replies. */
interface BusInternals {
  readonly name: string | null;
  readonly _connection: { readonly stream: Socket };
  _methodReturnHandlers: object;
}

/**
 * Shows a notice through the session's notification service, on a connection to the bus that lasts for this one call. The adapter of
 * dbus-next, which is loaded when it is first needed. What the library does not do is done here:
 *
 * - it waits for replies for ever, even once the bus is dead → one time-out over all, and the stream is watched;
 * - what it throws while it reads escapes as an uncaught exception → the stream's events are guarded;
 * - a Hello that the bus refuses becomes an unhandled rejection → nobody waits for it any more when the library sees it.
 *
 * A service that is not running but activatable is started by the bus, as for any other program: desktops without a shell of their own
 * have it so. The notice names no desktop entry: GNOME takes the notices of a known application away as soon as its connection closes.
 *
 * @param socket path of the bus's socket, or an abstract name after a NUL
 * @returns the id of the notice
 * @throws {NoticeError}
 */
export async function notify(socket: string, { summary, body }: NoticeText, options: NotifyOptions): Promise<number> {
  const { replaces, signal, timers = NODE_TIMERS } = options;
  const { default: library } = await import('dbus-next');
  if (signal.aborted) throw cancelled();
  // 'socket' is dbus-next's own key: unlike 'path' it never reaches for the native module usocket.
  const bus = library.sessionBus({ busAddress: `unix:socket=${socket}`, authMethods: ['EXTERNAL'] } as BusOptions);
  const internals = bus as unknown as BusInternals;
  const { stream } = internals._connection;
  let end: () => void = () => {};
  try {
    return await new Promise<number>((resolve, reject) => {
      const fail = (error: unknown) => reject(asNoticeError(error));
      const late = () => fail(new NoticeError('timed-out', `no answer within ${NOTICE_TIMEOUT_MS} ms`));
      const timer = timers.set(late, NOTICE_TIMEOUT_MS);
      const stop = () => fail(cancelled());
      signal.addEventListener('abort', stop, { once: true });
      end = () => {
        timers.clear(timer);
        signal.removeEventListener('abort', stop);
        internals._methodReturnHandlers = {};
        stream.destroy();
      };
      guard(stream, fail);
      bus.on('error', fail);
      bus.on('message', (message: dbus.Message) => {
        if (internals.name !== null || message.type !== library.MessageType.ERROR) return;
        internals._methodReturnHandlers = {};
        fail(new NoticeError('no-bus', `the bus refused us: ${message.errorName}`));
      });
      // Whoever calls us waits for nothing: the connection is over in a moment.
      bus.addMethodHandler(() => true);
      stream.on('close', () => fail(new NoticeError('no-bus', 'the bus has closed the connection')));
      const parameters = ['clipmux', replaces, 'edit-paste', summary, body, [], {}, DEFAULT_EXPIRY];
      const call = { destination: SERVICE, path: PATH, interface: SERVICE, member: 'Notify' };
      bus.on('connect', () => {
        bus
          .call(new library.Message({ ...call, signature: 'susssasa{sv}i', body: parameters }))
          .then((reply) => resolve(idOf(reply)))
          .catch(fail);
      });
    });
  } finally {
    end();
  }
}

/** dbus-next hands its options on to the connection; its types know only some. */
type BusOptions = Parameters<typeof dbus.sessionBus>[0];

function idOf(reply: dbus.Message | null): number {
  const id: unknown = reply?.body[0];
  return typeof id === 'number' && Number.isInteger(id) && id > 0 ? id : 0;
}

/** dbus-next reads and parses in the stream's events, where nobody else can catch what it throws. */
function guard(stream: Socket, failed: (error: unknown) => void): void {
  const emit = stream.emit.bind(stream) as (event: string | symbol, ...values: unknown[]) => boolean;
  stream.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    try {
      return emit(event, ...values);
    } catch (error) {
      failed(error);
      return true;
    }
  };
}

function cancelled(): NoticeError {
  return new NoticeError('cancelled', 'the agent is ending');
}

function asNoticeError(error: unknown): NoticeError {
  if (error instanceof NoticeError) return error;
  // DBusError of dbus-next: `type` is the error's name on the bus.
  const { type, message } = error as { type?: unknown; message?: unknown };
  if (typeof type !== 'string') return new NoticeError('no-bus', String(message ?? error));
  return new NoticeError(NO_SERVICE.test(type) ? 'no-service' : 'refused', `${type}: ${String(message)}`);
}
