// The pages and their addresses.

import type { QueryClient } from "@tanstack/react-query";
import {
  createBrowserHistory,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  type RouterHistory,
} from "@tanstack/react-router";

import { meQuery } from "./api/auth";
import { ApiError } from "./api/client";
import { sessionHint } from "./api/session";
import { LoginPage } from "./login/LoginPage";
import { localPath, parseSearch, stringifySearch, type LoginSearch } from "./search";
import { LoadError, NotFound, Pending } from "./shell/Fallbacks";
import { Shell } from "./shell/Shell";

interface Context {
  queryClient: QueryClient;
}

/** strings keeps the parameters that a page knows. */
function strings<Name extends string>(...names: Name[]) {
  return (search: Record<string, unknown>): Partial<Record<Name, string>> => {
    const kept: Partial<Record<Name, string>> = {};
    for (const name of names) {
      const value = search[name];
      if (typeof value === "string" && value !== "") kept[name] = value;
    }
    return kept;
  };
}

const rootRoute = createRootRouteWithContext<Context>()({ component: Outlet, notFoundComponent: NotFound });

const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/login",
  validateSearch: strings("once", "next"),
  beforeLoad: async ({ context, search }) => {
    const { once, next }: LoginSearch = search;
    if (once || sessionHint() === "none") return;
    const me = await context.queryClient.ensureQueryData(meQuery).catch(() => undefined);
    if (me) throw redirect({ href: localPath(next), replace: true });
  },
  component: LoginPage,
});

const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  validateSearch: strings("from", "to", "live", "host"),
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(meQuery);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      const search = location.href === "/" ? {} : { next: location.href };
      throw redirect({ to: "/login", search, replace: true });
    }
  },
  component: Shell,
  errorComponent: LoadError,
});

const overviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./overview/OverviewPage"), "OverviewPage"),
});

const routeTree = rootRoute.addChildren([loginRoute, shellRoute.addChildren([overviewRoute])]);

export function createAppRouter(queryClient: QueryClient, history: RouterHistory = createBrowserHistory()) {
  return createRouter({
    routeTree,
    history,
    context: { queryClient },
    parseSearch,
    stringifySearch,
    defaultPendingComponent: Pending,
    defaultPendingMs: 300,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
