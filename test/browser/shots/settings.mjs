// Pictures of Settings.
export const shots = [
  {
    name: "settings",
    path: "/settings?tab=usage",
    ready: async (page) => {
      await page.getByRole("row", { name: /^cart/ }).waitFor();
      await page.getByRole("meter").first().waitFor();
    },
  },
  {
    name: "settings-keys",
    path: "/settings",
    ready: (page) => page.getByRole("row", { name: /first key/ }).waitFor(),
  },
];
