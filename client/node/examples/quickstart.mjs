// Prints all groups of the service that MUTEXGROUPS_SERVER names, or that of this machine.
import { Client } from "mutexgroups";

const client = new Client();
for await (const group of client.list()) {
  console.log(`${group.id}  ${group.name}`);
  for (const slot of group.slots) {
    console.log(`  slot ${slot.index}: ${slot.percentage}%, experiments ${slot.experimentIds.join(", ")}`);
  }
}
client.close();
