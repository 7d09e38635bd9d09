import type { Socket } from 'node:net';

/**
 * Lets a socket hand what it reads straight to its `data` listeners while it flows and holds nothing back. Node's own way takes each read through
 * the queue of a readable stream and looks, a turn later, whether more is wanted; for the small messages of a clipboard that is a fifth of all our
 * work on them. Everything else (pausing, `read()`, the end) goes Node's way.
 *
 * A socket pushes what it reads whether or not it was asked for more (it stops where a push says so), and only such a stream may be treated like this.
 */
export function deliverDirectly(socket: Socket): void {
  const { push } = socket;
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null || !socket.readableFlowing || socket.readableLength > 0)
      return push.call(socket, chunk, encoding);
    socket.emit('data', chunk);
    // Even if that has paused the socket: the next read waits in the queue, and what fills it stops the reading.
    return true;
  };
}
