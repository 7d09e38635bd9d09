import { type PieceQueue, RpcError } from '@clipmux/rpc';

/**
 * Contents of the host on their way to the eligible session. One that was asked for in time goes on when the host's offer ends or is
 * replaced, because the program that pastes has asked for that content. It is cut off when that session is not eligible any more.
 */
export class HostContentFlows {
  /** Not many more than a session's open transfers: those that are over are forgotten when one is added. */
  #flows: PieceQueue[] = [];

  add(pieces: PieceQueue): void {
    this.#flows = this.#flows.filter((flow) => !isOver(flow));
    this.#flows.push(pieces);
  }

  cutOff(): void {
    for (const flow of this.#flows) flow.revoke(new RpcError('denied', 'this session may not have it any more'));
    this.#flows = [];
  }
}

function isOver(pieces: PieceQueue): boolean {
  return pieces.cancelled || (pieces.ended && pieces.available === 0);
}
