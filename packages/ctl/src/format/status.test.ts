import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { STATUS } from '../doctor/facts.fixture.ts';
import { formatStatus } from './status.ts';

it('a healthy status has the lines that the sample in docs/admin.md shows', () => {
  const document = readFileSync(new URL('../../../../docs/admin.md', import.meta.url), 'utf8');
  const [, sample = ''] = /A healthy status:\n\n```\n(.*?)```/s.exec(document) ?? [];
  const names = (text: string) => [...text.matchAll(/^(\S+(?: \S+)*) {2,}/gm)].map(([, name]) => name);
  const healthy = { ...STATUS, warnings: [], errors: [], port: { ...STATUS.port, lastError: null } };
  expect(names(sample)).toEqual(names(formatStatus(healthy, STATUS.since)));
});
