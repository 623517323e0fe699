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
  retainSearchParams,
  type RouterHistory,
} from "@tanstack/react-router";

import { meQuery } from "./api/auth";
import { ApiError } from "./api/client";
import { sessionHint } from "./api/session";
import { LoginPage } from "./login/LoginPage";
import { localPath, parseSearch, stringifySearch, type LoginSearch } from "./search";
import { LoadError, NotFound, PageError, Pending } from "./shell/Fallbacks";
import { Shell } from "./shell/Shell";
import type { PageSearch } from "./useChangeSearch";

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

/** anyStrings keeps every parameter that says something. */
function anyStrings(search: Record<string, unknown>): PageSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => typeof value === "string" && value !== "")) as PageSearch;
}

const rootRoute = createRootRouteWithContext<Context>()({ component: Outlet });

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
  // Pages read their own parameters, each with a parser beside it.
  validateSearch: anyStrings,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(meQuery);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      const search = location.href === "/" ? {} : { next: location.href };
      throw redirect({ to: "/login", search, replace: true });
    }
  },
  // Whoever chose a clock keeps it from page to page.
  search: { middlewares: [retainSearchParams(["tz"])] },
  component: Shell,
  errorComponent: LoadError,
});

const overviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./overview/OverviewPage"), "OverviewPage"),
});

const metricsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/metrics",
  component: lazyRouteComponent(() => import("./metrics/MetricsPage"), "MetricsPage"),
});

const logsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/logs",
  component: lazyRouteComponent(() => import("./logs/LogsPage"), "LogsPage"),
});

const hostsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/hosts",
  component: lazyRouteComponent(() => import("./hosts/HostsPage"), "HostsPage"),
});

const hostRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/hosts/$host",
  component: lazyRouteComponent(() => import("./hosts/HostPage"), "HostPage"),
});

const servicesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/services",
  component: lazyRouteComponent(() => import("./services/ServicesPage"), "ServicesPage"),
});

const serviceRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/services/$service",
  component: lazyRouteComponent(() => import("./services/ServicePage"), "ServicePage"),
});

const dashboardsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/dashboards",
  staticData: { timeless: true },
  component: lazyRouteComponent(() => import("./dashboards/DashboardsPage"), "DashboardsPage"),
});

const dashboardRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/dashboards/$id",
  component: lazyRouteComponent(() => import("./dashboards/DashboardPage"), "DashboardPage"),
});

const sendRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/send",
  staticData: { timeless: true },
  component: lazyRouteComponent(() => import("./send/SendPage"), "SendPage"),
});

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/settings",
  staticData: { timeless: true },
  component: lazyRouteComponent(() => import("./settings/SettingsPage"), "SettingsPage"),
});

const nowhereRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "$",
  staticData: { timeless: true },
  component: NotFound,
});

const pages = [overviewRoute, metricsRoute, logsRoute, hostsRoute, hostRoute, servicesRoute, serviceRoute, dashboardsRoute, dashboardRoute, sendRoute, settingsRoute, nowhereRoute] as const;

const routeTree = rootRoute.addChildren([loginRoute, shellRoute.addChildren([...pages])]);

export function createAppRouter(queryClient: QueryClient, history: RouterHistory = createBrowserHistory()) {
  return createRouter({
    routeTree,
    history,
    context: { queryClient },
    parseSearch,
    stringifySearch,
    defaultErrorComponent: PageError,
    defaultPendingComponent: Pending,
    defaultPendingMs: 300,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
  interface StaticDataRouteOption {
    /** The page isn't about any time range, and has no controls for it. */
    timeless?: boolean;
  }
}
