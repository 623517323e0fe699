import { expect, it } from "vitest";

import { ApiError } from "./api/client";
import { shouldRetry } from "./query-client";

it.each([
  [400, 0, false],
  [401, 0, false],
  [422, 0, false],
  [429, 0, true],
  [0, 0, true],
  [503, 3, true],
  [503, 4, false],
])("a request answered with %d is tried again after %d tries: %s", (status, count, want) => {
  expect(shouldRetry(count, new ApiError(status, "code", "message"))).toBe(want);
});
