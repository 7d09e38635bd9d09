import type { ControlEvent } from '@clipmux/rpc';
import { expect, it } from 'vitest';
import { Monitor } from './monitor.ts';

function monitorWith(backlogMax: number) {
  const output = { backlog: 0, sent: [] as ControlEvent[], send: (event: ControlEvent) => output.sent.push(event) };
  return { output, monitor: new Monitor(output, backlogMax, () => 17) };
}

it('passes events on with their time', () => {
  const { output, monitor } = monitorWith(10);
  monitor.offer({ kind: 'policy', policy: 'off' });
  expect(output.sent).toEqual([{ at: 17, kind: 'policy', policy: 'off' }]);
});

it('drops events for a reader that is behind, and tells it how many before the next', () => {
  const { output, monitor } = monitorWith(10);
  output.backlog = 11;
  monitor.offer({ kind: 'policy', policy: 'off' });
  monitor.offer({ kind: 'policy', policy: 'active' });
  expect(output.sent).toEqual([]);
  output.backlog = 10;
  monitor.offer({ kind: 'error', message: 'x' });
  expect(output.sent).toEqual([
    { at: 17, kind: 'lost', count: 2 },
    { at: 17, kind: 'error', message: 'x' },
  ]);
});

it('tells how many were lost as soon as the reader has caught up, and once', () => {
  const { output, monitor } = monitorWith(10);
  output.backlog = 11;
  monitor.offer({ kind: 'policy', policy: 'off' });
  output.backlog = 0;
  monitor.drained();
  monitor.drained();
  expect(output.sent).toEqual([{ at: 17, kind: 'lost', count: 1 }]);
});
