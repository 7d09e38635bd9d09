/** Connects to the bus and throws in a listener at the first signal: the bus sends one, NameAcquired, right after Hello. */
import { systemBusAddress } from '../../packages/multiplexer/src/logind/bus-address.ts';
import { BusConnection } from '../../packages/multiplexer/src/logind/bus-connection.ts';

async function main(): Promise<void> {
  const connection = await BusConnection.open({ address: systemBusAddress(process.env) });
  connection.on('signal', () => {
    throw new Error('thrown by a listener');
  });
  await connection.addMatch("type='signal',member='NameOwnerChanged'");
  await connection.callBus('RequestName', 'su', ['org.example.Listener', 0]);
  setTimeout(() => process.exit(0), 2_000);
}

void main();
