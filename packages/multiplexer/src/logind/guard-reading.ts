import type { Socket } from 'node:net';

/**
 * dbus-next parses inside the stream's `readable` event, where nobody can catch what it throws. A message that it cannot parse has been
 * taken off the stream as a whole by then, so reading goes on with the next.
 */
export function guardReading(stream: Socket, dropped: () => void): void {
  const emit = stream.emit.bind(stream) as (event: string | symbol, ...values: unknown[]) => boolean;
  stream.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event !== 'readable') return emit(event, ...values);
    for (;;) {
      const before = stream.readableLength;
      try {
        return emit(event, ...values);
      } catch {
        dropped();
        if (stream.readableLength === before) return true;
      }
    }
  };
}
