package com.mutexgroups.client;

import static com.mutexgroups.client.FakeService.page;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.mutexgroups.v1.ListMutexGroupsRequest;
import com.mutexgroups.v1.MutexGroup;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ListingTest extends WithFakeService {
  private static final ListMutexGroupsRequest ALL = ListMutexGroupsRequest.getDefaultInstance();

  private ListMutexGroupsRequest asked(int call) {
    return (ListMutexGroupsRequest) service.requests.get(call);
  }

  @Test
  void goesThroughAllPagesEmptyOnesToo() {
    service.answers(page("a", "1", "2"), page("b"), page("", "3"));
    List<String> ids = new ArrayList<>();
    for (MutexGroup group : client.list()) {
      ids.add(group.getId());
    }
    assertEquals(List.of("1", "2", "3"), ids);
    assertEquals("", asked(0).getPageToken());
    assertEquals("a", asked(1).getPageToken());
    assertEquals("b", asked(2).getPageToken());
  }

  @Test
  void asksForTheLargestPagesUnlessTold() {
    client.list().iterator().hasNext();
    client.list(ALL.toBuilder().setPageSize(7).setShowArchived(true).build()).stream().count();
    client.listPage(ALL);
    assertEquals(1000, asked(0).getPageSize());
    assertEquals(7, asked(1).getPageSize());
    assertTrue(asked(1).getShowArchived());
    assertEquals(0, asked(2).getPageSize());
  }

  @Test
  void isLazy() {
    service.answers(page("a", "1", "2"), page("", "3"));
    Listing<MutexGroup> listing = client.list();
    assertEquals(0, service.requests.size());
    List<String> ids =
        listing.stream().map(MutexGroup::getId).limit(2).collect(Collectors.toList());
    assertEquals(List.of("1", "2"), ids);
    assertEquals(1, service.requests.size());
  }

  @Test
  void startsAnewWithEachIterator() {
    service.answers(page("a", "1"), page("", "2"), page("", "1"));
    Listing<MutexGroup> listing = client.list();
    assertEquals(2, listing.stream().count());
    assertEquals(1, listing.stream().count());
  }

  @Test
  void goesOnWhereTheRequestSays() {
    service.answers(page("", "3"));
    client.list(ALL.toBuilder().setPageToken("b").build()).stream().count();
    assertEquals("b", asked(0).getPageToken());
  }

  @Test
  void givesWholePages() {
    service.answers(page("a", "1"), page(""));
    List<Integer> sizes =
        client.pages(ALL).stream()
            .map(page -> page.getMutexGroupsCount())
            .collect(Collectors.toList());
    assertEquals(List.of(1, 0), sizes);
  }

  @Test
  void endsWithAnError() {
    service.answers(page("a", "1"), Status.INTERNAL.asRuntimeException());
    Iterator<MutexGroup> groups = client.list().iterator();
    assertEquals("1", groups.next().getId());
    assertThrows(MutexGroupsException.class, groups::hasNext);
    assertFalse(groups.hasNext());
    assertThrows(NoSuchElementException.class, groups::next);
    assertEquals(2, service.requests.size());
  }

  @Test
  void doesNotFollowATokenThatLeadsNowhere() {
    service.answers(page("a", "1"), page("a", "2"));
    MutexGroupsException error =
        assertThrows(MutexGroupsException.class, () -> client.list().stream().count());
    assertEquals(Status.Code.INTERNAL, error.getCode());
    assertEquals(2, service.requests.size());
  }

  @Test
  void handsGroupsToAConsumerAsync() {
    service.answers(page("a", "1", "2"), page("b"), page("", "3"));
    List<String> ids = new ArrayList<>();
    client.async().list(ALL, group -> ids.add(group.getId())).join();
    assertEquals(List.of("1", "2", "3"), ids);
    assertEquals(1000, asked(0).getPageSize());
  }

  @Test
  void endsWithAnErrorAsync() {
    service.answers(page("a", "1"), Status.INTERNAL.asRuntimeException());
    List<String> ids = new ArrayList<>();
    CompletableFuture<Void> listing = client.async().list(ALL, group -> ids.add(group.getId()));
    Throwable error = assertThrows(CompletionException.class, listing::join).getCause();
    assertEquals(Status.Code.INTERNAL, ((MutexGroupsException) error).getCode());
    assertEquals(List.of("1"), ids);
  }

  @Test
  void endsWithTheConsumersErrorAsync() {
    service.answers(page("a", "1"), page("", "2"));
    CompletableFuture<Void> listing =
        client
            .async()
            .pages(
                ALL,
                page -> {
                  throw new IllegalStateException("enough");
                });
    Throwable error = assertThrows(CompletionException.class, listing::join).getCause();
    assertEquals("enough", error.getMessage());
    assertEquals(1, service.requests.size());
  }

  @Test
  void isCancelledWithItsFuture() throws InterruptedException {
    service.answers(FakeService.SILENCE);
    CompletableFuture<Void> listing = client.async().pages(ALL, page -> {});
    while (service.requests.isEmpty()) {
      Thread.onSpinWait();
    }
    listing.cancel(false);
    service.cancelled.await();
    assertThrows(CancellationException.class, listing::join);
  }
}
