import { Capability, CapabilitySet } from '@clipmux/vdagent';
import { describe, expect, it } from 'vitest';
import { Handshake } from './handshake.ts';

const QEMU = CapabilitySet.of(
  Capability.MOUSE_STATE,
  Capability.CLIPBOARD_BY_DEMAND,
  Capability.CLIPBOARD_SELECTION,
  Capability.CLIPBOARD_GRAB_SERIAL,
);

describe('the handshake', () => {
  it('answers a host that announces itself first, and does not announce unprompted after that', () => {
    const handshake = new Handshake();
    expect(handshake.heard(QEMU, true)).toMatchObject({ announce: { request: false }, agreement: { kind: 'qemu' } });
    expect(handshake.waited()).toEqual({});
  });

  it('announces and asks when the host waits, and does not announce again on its answer', () => {
    const handshake = new Handshake();
    expect(handshake.waited()).toEqual({ announce: { request: true } });
    const answer = handshake.heard(QEMU, false);
    expect(answer.announce).toBeUndefined();
    expect(answer.agreement?.format).toEqual({ selection: true, grabSerial: true });
  });

  it('answers every new client on a port that stays open', () => {
    const handshake = new Handshake();
    handshake.heard(QEMU, true);
    expect(handshake.heard(QEMU, true).announce).toEqual({ request: false });
  });

  it('finds no clipboard where the host announces none', () => {
    const { agreement } = new Handshake().heard(CapabilitySet.of(Capability.MOUSE_STATE), true);
    expect(agreement?.features).toBeNull();
  });

  it('knows CLIPBOARD alone without SELECTION, and no serials unless both have them', () => {
    const { agreement } = new Handshake().heard(CapabilitySet.of(Capability.CLIPBOARD_BY_DEMAND), true);
    expect(agreement?.features?.selections).toEqual(['clipboard']);
    expect(agreement?.format).toEqual({ selection: false, grabSerial: false });
  });

  it('asks for a release before a regrab only of a SPICE client without the capability', () => {
    const old = QEMU.with(Capability.MONITORS_CONFIG);
    const release = (capabilities: CapabilitySet) =>
      new Handshake().heard(capabilities, true).agreement?.features?.releaseBeforeRegrab;
    expect(release(QEMU)).toBe(false);
    expect(release(old)).toBe(true);
    expect(release(old.with(Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB))).toBe(false);
  });
});
