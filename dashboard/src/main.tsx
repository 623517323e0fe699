import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { meQuery } from "./api/auth";
import { onSessionLost } from "./api/client";
import { createQueryClient } from "./query-client";
import { createAppRouter } from "./router";
import "./styles.css";
import { theme } from "./theme";

const queryClient = createQueryClient();
const router = createAppRouter(queryClient);

onSessionLost(() => {
  // Who was never logged in is sent to the login page by the routes' guard.
  if (queryClient.getQueryData(meQuery.queryKey) === undefined) return;
  queryClient.removeQueries({ queryKey: meQuery.queryKey });
  const { href } = router.state.location;
  void router.navigate({ to: "/login", search: href === "/" ? {} : { next: href }, replace: true });
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      {/* The styles come in a file, so that the content security policy needs no exception. */}
      <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
