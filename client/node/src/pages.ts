import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";

import { MutexGroupsError } from "./error.js";
import {
  type ListMutexGroupsRequest,
  ListMutexGroupsRequestSchema,
  type ListMutexGroupsResponse,
} from "./gen/mutexgroups/v1/mutex_group_service_pb.js";

// The most groups that a page can have. A page costs the service one upstream request whatever its size, so a
// listing asks for pages of this size unless told otherwise.
const LARGEST_PAGE = 1000;

/** All pages of a listing, fetched one by one as they are asked for; an error is the last thing that comes. */
export async function* pagesOf(
  first: MessageInitShape<typeof ListMutexGroupsRequestSchema>,
  fetch: (request: ListMutexGroupsRequest) => Promise<ListMutexGroupsResponse>,
): AsyncGenerator<ListMutexGroupsResponse, void, undefined> {
  // A copy of what the caller gave, which stays as it is.
  const request: ListMutexGroupsRequest = { ...create(ListMutexGroupsRequestSchema, first) };
  if (request.pageSize === 0) request.pageSize = LARGEST_PAGE;
  for (;;) {
    const page = await fetch(request);
    if (page.nextPageToken !== "" && page.nextPageToken === request.pageToken) {
      // Following it would never end.
      throw new MutexGroupsError(
        status.INTERNAL,
        "the service answered with the page token that it was asked with",
      );
    }
    yield page;
    if (page.nextPageToken === "") return;
    request.pageToken = page.nextPageToken;
  }
}
