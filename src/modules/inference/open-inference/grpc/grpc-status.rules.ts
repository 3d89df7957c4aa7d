import { status } from '@grpc/grpc-js';

/** The gRPC status that stands for a status of HTTP, by which our error table is kept (google.rpc.Code). */
const statuses: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  409: status.FAILED_PRECONDITION,
  413: status.RESOURCE_EXHAUSTED,
  422: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
  499: status.CANCELLED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
  507: status.RESOURCE_EXHAUSTED,
};

export function grpcStatusOf(httpStatus: number): status {
  return statuses[httpStatus] ?? status.INTERNAL;
}
