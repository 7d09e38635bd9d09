import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrabSerials } from './grab-serials.ts';

describe('grab serials on the guest’s side', () => {
  it('accept the expected serial, then expect the next', () => {
    const serials = new GrabSerials();
    expect(serials.takeHostGrab('clipboard', 0)).toBe('counts');
    expect(serials.takeHostGrab('clipboard', 1)).toBe('counts');
    expect(serials.takeForGuestGrab('clipboard')).toBe(2);
  });

  it('let the host win when its grab crossed ours', () => {
    const serials = new GrabSerials();
    expect(serials.takeForGuestGrab('clipboard')).toBe(0);
    expect(serials.takeHostGrab('clipboard', 0)).toBe('counts');
    expect(serials.takeForGuestGrab('clipboard')).toBe(1);
  });

  it('tell what is older from what is ahead, also where they wrap', () => {
    const serials = new GrabSerials();
    serials.takeForGuestGrab('clipboard');
    serials.takeForGuestGrab('clipboard');
    expect(serials.takeHostGrab('clipboard', 0)).toBe('out-of-date');
    expect(serials.takeHostGrab('clipboard', 0xffff_ffff)).toBe('out-of-date');
    expect(serials.takeHostGrab('clipboard', 3)).toBe('ahead');
    expect(serials.takeHostGrab('clipboard', 2)).toBe('counts');
  });

  it('count for each selection apart, and from 0 after a reset', () => {
    const serials = new GrabSerials();
    serials.takeForGuestGrab('clipboard');
    expect(serials.takeForGuestGrab('primary')).toBe(0);
    serials.reset();
    expect(serials.takeForGuestGrab('clipboard')).toBe(0);
  });

  /** QEMU's rule (`ui/vdagent.c`): a guest's grab below the last serial is discarded, else its serial is the last; a grab of QEMU's takes `last++`. */
  class QemuSerials {
    last = 0;
    acceptGuestGrab(serial: number): boolean {
      if (serial < this.last) return false;
      this.last = serial;
      return true;
    }
    takeForHostGrab(): number {
      return this.last++;
    }
  }

  it('make both sides agree on the owner, however their grabs cross', () => {
    const step = fc.constantFrom('host-grabs', 'guest-grabs', 'to-host', 'to-guest');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const guest = new GrabSerials();
        const host = new QemuSerials();
        const toHost: number[] = [];
        const toGuest: number[] = [];
        let hostThinks = 'nobody';
        let guestThinks = 'nobody';
        const deliver = { host: () => {}, guest: () => {} };
        deliver.host = () => {
          const serial = toHost.shift();
          if (serial !== undefined && host.acceptGuestGrab(serial)) hostThinks = 'guest';
        };
        deliver.guest = () => {
          const serial = toGuest.shift();
          const standing = serial === undefined ? undefined : guest.takeHostGrab('clipboard', serial);
          expect(standing).not.toBe('ahead');
          if (standing === 'counts') guestThinks = 'host';
        };
        for (const one of steps) {
          if (one === 'host-grabs') {
            hostThinks = 'host';
            toGuest.push(host.takeForHostGrab());
          } else if (one === 'guest-grabs') {
            guestThinks = 'guest';
            toHost.push(guest.takeForGuestGrab('clipboard'));
          } else if (one === 'to-host') deliver.host();
          else deliver.guest();
        }
        while (toHost.length > 0) deliver.host();
        while (toGuest.length > 0) deliver.guest();
        expect(guestThinks).toBe(hostThinks);
      }),
      { numRuns: 2000 },
    );
  });
});
