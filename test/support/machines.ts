import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = async (...parameters: string[]): Promise<void> => void (await run('ip', parameters));

/** A machine of its own, as far as the network goes. */
export interface Machine {
  /** Where this process reaches it. */
  readonly address: string;
  /** Where it reaches this process. */
  readonly gateway: string;
  /** The command that runs a program there. */
  command(program: string, ...parameters: string[]): readonly [string, ...string[]];
  /** From now on nothing gets through, in either direction, and nobody is told. */
  unplug(): Promise<void>;
  plugIn(): Promise<void>;
  remove(): Promise<void>;
}

/** Whether network namespaces can be made here: on Linux, as root, with `ip`. */
export function hasNamespaces(): boolean {
  const name = `nestor-probe-${process.pid}`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Makes a Linux network namespace with a cable to this one. @param number another one for each machine. */
export async function makeNamespace(number: number): Promise<Machine> {
  // Test runs beside one another must not take the same names and addresses.
  const name = `nestor-${process.pid}-${number}`;
  const [outside, inside] = [`nst${process.pid % 100_000}o${number}`, `nst${process.pid % 100_000}i${number}`];
  const network = `10.${200 + (process.pid % 50)}.${(Math.floor(process.pid / 50) + number) % 250}`;
  const [gateway, address] = [`${network}.1`, `${network}.2`];
  await ip('netns', 'add', name);
  await ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', name);
  await ip('address', 'add', `${gateway}/24`, 'dev', outside);
  await ip('link', 'set', outside, 'up');
  await ip('-n', name, 'address', 'add', `${address}/24`, 'dev', inside);
  await ip('-n', name, 'link', 'set', inside, 'up');
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  return {
    address,
    gateway,
    command: (program, ...parameters) => ['ip', 'netns', 'exec', name, program, ...parameters],
    unplug: () => ip('link', 'set', outside, 'down'),
    plugIn: () => ip('link', 'set', outside, 'up'),
    // The cable goes with it.
    remove: () => ip('netns', 'delete', name),
  };
}
