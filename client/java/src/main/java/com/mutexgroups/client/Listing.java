package com.mutexgroups.client;

import com.mutexgroups.v1.ListMutexGroupsRequest;
import com.mutexgroups.v1.ListMutexGroupsResponse;
import com.mutexgroups.v1.MutexGroup;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What a listing finds, page by page, fetched as it is asked for. Each iteration and each stream
 * starts at the first page; a call that fails ends it with a {@link MutexGroupsException}.
 *
 * @param <T> groups, or whole pages
 */
public final class Listing<T> implements Iterable<T> {
  private final Supplier<Iterator<T>> start;

  private Listing(Supplier<Iterator<T>> start) {
    this.start = start;
  }

  static Listing<ListMutexGroupsResponse> ofPages(
      ListMutexGroupsRequest request,
      Function<ListMutexGroupsRequest, ListMutexGroupsResponse> fetch) {
    return new Listing<>(() -> new Pages(Paging.first(request), fetch));
  }

  static Listing<MutexGroup> ofGroups(Listing<ListMutexGroupsResponse> pages) {
    return new Listing<>(() -> new Groups(pages.iterator()));
  }

  @Override
  public Iterator<T> iterator() {
    return start.get();
  }

  /** A sequential stream, as lazy as the iterator. */
  public Stream<T> stream() {
    int traits = Spliterator.ORDERED | Spliterator.NONNULL;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator(), traits), false);
  }

  private static final class Pages implements Iterator<ListMutexGroupsResponse> {
    private final Function<ListMutexGroupsRequest, ListMutexGroupsResponse> fetch;
    private Optional<ListMutexGroupsRequest> next;

    Pages(
        ListMutexGroupsRequest first,
        Function<ListMutexGroupsRequest, ListMutexGroupsResponse> fetch) {
      next = Optional.of(first);
      this.fetch = fetch;
    }

    @Override
    public boolean hasNext() {
      return next.isPresent();
    }

    @Override
    public ListMutexGroupsResponse next() {
      ListMutexGroupsRequest request = next.orElseThrow(NoSuchElementException::new);
      // An error is the last thing that comes.
      next = Optional.empty();
      ListMutexGroupsResponse page = fetch.apply(request);
      next = Paging.next(request, page);
      return page;
    }
  }

  private static final class Groups implements Iterator<MutexGroup> {
    private final Iterator<ListMutexGroupsResponse> pages;
    private Iterator<MutexGroup> page = Collections.emptyIterator();

    Groups(Iterator<ListMutexGroupsResponse> pages) {
      this.pages = pages;
    }

    @Override
    public boolean hasNext() {
      // A page can be empty and still have a successor.
      while (!page.hasNext() && pages.hasNext()) {
        page = pages.next().getMutexGroupsList().iterator();
      }
      return page.hasNext();
    }

    @Override
    public MutexGroup next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return page.next();
    }
  }
}
