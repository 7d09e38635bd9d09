import { expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../config/index.ts';
import { rulesOfSettings } from './rules-of-settings.ts';

it('lets everything cross by default, except PRIMARY to QEMU', () => {
  const spice = rulesOfSettings(DEFAULT_SETTINGS, 'spice');
  expect(spice.toHost.primary.allowed).toBe(true);
  expect(spice.withholdSecrets).toBe(true);
  const qemu = rulesOfSettings(DEFAULT_SETTINGS, 'qemu');
  expect(qemu.toHost.primary.allowed).toBe(false);
  expect([qemu.toSession.primary, qemu.toHost.clipboard, qemu.toSession.clipboard].every((rule) => rule.allowed)).toBe(
    true,
  );
});

it('lets PRIMARY cross to QEMU where that is asked for', () => {
  expect(rulesOfSettings({ ...DEFAULT_SETTINGS, primary: { direction: 'both' } }, 'qemu').toHost.primary.allowed).toBe(
    true,
  );
});

it('knows one direction, none, and types', () => {
  const rules = rulesOfSettings(
    {
      ...DEFAULT_SETTINGS,
      clipboard: { direction: 'host-to-guest' },
      primary: { direction: 'off' },
      hostToGuest: { types: ['image/*'], maxBytes: 5 },
    },
    'spice',
  );
  expect(rules.toHost.clipboard.allowed).toBe(false);
  expect(rules.toSession.clipboard).toEqual({ allowed: true, types: ['image/*'] });
  expect(rules.toSession.primary.allowed).toBe(false);
});
