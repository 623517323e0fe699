// Pictures of Send data.
export const shots = [
  {
    name: "send",
    path: "/send?service=cart&way=python",
    ready: async (page) => {
      await page.getByText("hello.py", { exact: true }).waitFor();
      await page.getByText("Both have arrived").waitFor();
    },
  },
];
