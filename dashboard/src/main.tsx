import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { onSessionLost } from "./api/client";
import { createQueryClient } from "./query-client";
import { createAppRouter } from "./router";
import "./styles.css";
import { theme } from "./theme";

const queryClient = createQueryClient();
const router = createAppRouter(queryClient);

onSessionLost(() => {
  queryClient.removeQueries({ queryKey: ["me"] });
  // The route's guard sends to the login page, and back here afterwards.
  void router.invalidate();
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
