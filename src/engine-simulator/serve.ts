/** Portolan on the simulated engine: the same program, but for how containers are reached. */
import { main } from '../main.ts';
import { simulatedReach } from './address-policy.ts';

await main(process.argv.slice(2), simulatedReach);
