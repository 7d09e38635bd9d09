import { silentLogger } from '@clipmux/posix';
import { RpcError } from '@clipmux/rpc';
import { expect, it } from 'vitest';
import type { RequestId, SessionFailure } from '../arbiter/index.ts';
import type { SessionPeer } from './contracts.ts';
import { HostQuestions } from './host-questions.ts';

function peerThatFails(error: Error): SessionPeer {
  const ignore = () => {};
  return { grab: ignore, release: ignore, pasteCutShort: ignore, request: () => Promise.reject(error) };
}

/** How a question to this session ends. */
function failureWith(peer: SessionPeer | undefined): Promise<[RequestId, SessionFailure]> {
  return new Promise((resolve, reject) => {
    const listener = { answered: reject, failed: (...failure: [RequestId, SessionFailure]) => resolve(failure) };
    new HostQuestions(listener, silentLogger).ask(7, peer, 'clipboard', 'image/png');
  });
}

it.each([
  [new RpcError('too-large', 'more than may be asked for'), 'too-large'],
  [new RpcError('timed-out', 'no answer'), 'timed-out'],
  [new RpcError('owner-refused', 'not in this type'), 'owner-failed'],
  [new Error('a fault of ours'), 'owner-failed'],
])('a session that fails with %s has failed because: %s', async (error, reason) => {
  expect(await failureWith(peerThatFails(error))).toEqual([7, reason]);
});

it('a session that has gone has failed, too', async () => {
  expect(await failureWith(undefined)).toEqual([7, 'owner-failed']);
});
