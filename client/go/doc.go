// Package mutexgroups is a client of mutexd, the gRPC gateway in front of the mutual-exclusion groups of
// Amplitude Experiment.
//
//	client, err := mutexgroups.New() // the service that MUTEXGROUPS_SERVER names, or 127.0.0.1:50051
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	for group, err := range client.List(ctx, nil) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(group.GetId(), group.GetName())
//	}
//
// Every call has a deadline, reads are retried by the service config that mutexd publishes, and what fails
// is an [*Error] with the service's reason. Requests and responses are the messages of the package
// mutexgroupsv1.
package mutexgroups
