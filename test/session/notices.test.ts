import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NotificationsMock } from '../support/notifications-mock.ts';
import { PrivateBus } from '../support/private-bus.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
import { BuiltAgent } from './built-agent.ts';

const TOO_LARGE = { selection: 'clipboard', direction: 'host-to-guest', reason: 'too-large' } as const;
const TIMED_OUT = { selection: 'primary', direction: 'guest-to-host', reason: 'timed-out' } as const;

describe('a paste that was cut short', () => {
  let xvfb: Xvfb;
  let bus: PrivateBus;
  let agent: BuiltAgent | undefined;

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb?.stop());
  beforeEach(async () => {
    bus = await PrivateBus.start();
  });
  afterEach(async () => {
    await agent?.stop();
    agent = undefined;
    await bus.remove();
  });

  const start = async (environment: NodeJS.ProcessEnv) => {
    agent = await BuiltAgent.start(xvfb, environment);
    return agent;
  };

  it('is shown to the person by the session bus, once for several in a row', async () => {
    const service = await NotificationsMock.start(bus.address);
    const { wire, program } = await start({ DBUS_SESSION_BUS_ADDRESS: bus.address });
    for (const paste of [TOO_LARGE, TIMED_OUT, TOO_LARGE]) wire.notify('paste.cut-short', paste);
    expect(await service.next()).toMatchObject({
      application: 'clipmux',
      summary: 'Nothing was pasted',
      body: expect.stringContaining('larger than clipmux is allowed to carry'),
    });
    await program.said(/the person was told/);
    expect(program.log.match(/a paste was cut short/g)).toHaveLength(3);
    expect(service.waiting).toBe(0);
  });

  it('is only logged where no service is there, and the agent goes on', async () => {
    const { wire, program } = await start({ DBUS_SESSION_BUS_ADDRESS: bus.address });
    wire.notify('paste.cut-short', TOO_LARGE);
    await program.said(/a paste was cut short .*reason=too-large/);
    await program.said(/could not be told by a notice code=no-service/);
    await wire.ping();
  });

  it('is only logged where there is no session bus', async () => {
    const { wire, program } = await start({ DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR: '/nowhere' });
    wire.notify('paste.cut-short', TOO_LARGE);
    await program.said(/could not be told by a notice code=no-bus/);
    await wire.ping();
  });

  it('does not keep the agent from ending while the service hangs', async () => {
    const service = await NotificationsMock.start(bus.address);
    service.behaviour = 'is silent';
    const { wire, program } = await start({ DBUS_SESSION_BUS_ADDRESS: bus.address });
    wire.notify('paste.cut-short', TOO_LARGE);
    await service.next();
    const startedAt = performance.now();
    program.process.kill('SIGTERM');
    expect(await program.exit()).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
