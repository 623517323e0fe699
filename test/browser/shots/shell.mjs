// Pictures of what every page has: the palette, the help sheet, the time picker; and of login.
export const shots = [
  {
    name: "palette",
    path: "/",
    ready: async (page) => {
      await page.locator('[data-chart="CPU"] canvas').waitFor();
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").fill("cpu");
      await page.getByRole("option", { name: /cpu/ }).first().waitFor();
    },
  },
  {
    name: "shortcuts",
    path: "/",
    ready: async (page) => {
      await page.locator('[data-chart="CPU"] canvas').waitFor();
      await page.keyboard.press("?");
      await page.getByText("Choose the time range").waitFor();
    },
  },
  {
    name: "time",
    path: "/",
    ready: async (page) => {
      await page.locator('[data-chart="CPU"] canvas').waitFor();
      await page.keyboard.press("t");
      await page.getByRole("dialog", { name: "Time range" }).getByLabel("From").waitFor();
    },
  },
];
