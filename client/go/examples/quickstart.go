// Prints all groups of the service that MUTEXGROUPS_SERVER names, or that of this machine.
package main

import (
	"context"
	"fmt"
	"log"

	mutexgroups "github.com/mutexgroups/mutexd/client/go"
)

func main() {
	client, err := mutexgroups.New()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	for group, err := range client.List(context.Background(), nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s  %s\n", group.GetId(), group.GetName())
		for _, slot := range group.GetSlots() {
			fmt.Printf("  slot %d: %d%%, experiments %v\n", slot.GetIndex(), slot.GetPercentage(), slot.GetExperimentIds())
		}
	}
}
