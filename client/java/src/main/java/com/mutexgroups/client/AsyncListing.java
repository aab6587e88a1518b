package com.mutexgroups.client;

import com.mutexgroups.v1.ListMutexGroupsRequest;
import com.mutexgroups.v1.ListMutexGroupsResponse;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

/** A listing whose pages are handed to a consumer as they come. */
final class AsyncListing {
  private final Function<ListMutexGroupsRequest, CompletableFuture<ListMutexGroupsResponse>> fetch;
  private final Consumer<? super ListMutexGroupsResponse> consumer;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private volatile CompletableFuture<?> underWay;

  AsyncListing(
      Function<ListMutexGroupsRequest, CompletableFuture<ListMutexGroupsResponse>> fetch,
      Consumer<? super ListMutexGroupsResponse> consumer) {
    this.fetch = fetch;
    this.consumer = consumer;
  }

  CompletableFuture<Void> start(ListMutexGroupsRequest request) {
    ask(Paging.first(request));
    done.whenComplete((nothing, error) -> underWay.cancel(false));
    return done;
  }

  private void ask(ListMutexGroupsRequest request) {
    CompletableFuture<ListMutexGroupsResponse> page = fetch.apply(request);
    underWay = page;
    if (done.isDone()) {
      // Cancelled while the page was being asked for.
      page.cancel(false);
    }
    page.whenComplete((response, error) -> take(request, response, error));
  }

  private void take(
      ListMutexGroupsRequest request, ListMutexGroupsResponse response, Throwable error) {
    if (error != null || done.isDone()) {
      done.completeExceptionally(error);
      return;
    }
    try {
      consumer.accept(response);
      Optional<ListMutexGroupsRequest> next = Paging.next(request, response);
      next.ifPresentOrElse(this::ask, () -> done.complete(null));
    } catch (RuntimeException | Error failure) {
      done.completeExceptionally(failure);
    }
  }
}
