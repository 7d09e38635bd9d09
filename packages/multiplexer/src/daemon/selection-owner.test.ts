import { describe, expect, it } from 'vitest';
import type { Owner, SessionSelection } from '../arbiter/index.ts';
import { selectionOwner } from './selection-owner.ts';

const ANY = { allowed: true, types: null };
const HOST: Owner = { kind: 'host', types: ['text/plain', 'image/png'] };
const UNTOUCHED: SessionSelection = { offer: null, held: null, given: null, serial: 0, grabSerial: 0 };

describe('the owner of a session’s selection', () => {
  it('is the program that offers something, whatever the host has', () => {
    const selection = { ...UNTOUCHED, offer: { types: ['text/html'], secret: false } };
    expect(selectionOwner(selection, HOST, ANY)).toEqual({ owner: 'program', types: ['text/html'] });
  });

  it('is the host where the session was given its content, with the types that may come', () => {
    const selection = { ...UNTOUCHED, given: 'host' as const };
    expect(selectionOwner(selection, HOST, ANY)).toEqual({ owner: 'host', types: ['text/plain', 'image/png'] });
    expect(selectionOwner(selection, HOST, { allowed: true, types: ['image/*'] }).types).toEqual(['image/png']);
    expect(selectionOwner(UNTOUCHED, HOST, ANY)).toEqual({ owner: 'nobody', types: [] });
  });

  it('is what an administrator has set', () => {
    const selection = { ...UNTOUCHED, given: 'held' as const, held: { types: ['a/b'], share: false } };
    expect(selectionOwner(selection, HOST, ANY)).toEqual({ owner: 'held', types: ['a/b'] });
  });

  it('is nobody after a clear, also while the host has something', () => {
    const cleared = { ...UNTOUCHED, given: 'held' as const, held: { types: [], share: false } };
    expect(selectionOwner(cleared, HOST, ANY)).toEqual({ owner: 'nobody', types: [] });
  });
});
