/**
 * A client of mutexd, the gRPC service for the mutual-exclusion groups of Amplitude Experiment.
 *
 * <p>Start at {@link com.mutexgroups.client.MutexGroupsClient}; requests and responses are the
 * messages of {@code com.mutexgroups.v1}, generated from the service's API.
 */
package com.mutexgroups.client;
