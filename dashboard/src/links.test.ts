import { expect, test } from "vitest";

import { parseDashboardSearch } from "./dashboards/search";
import { dashboardLink, hostLink, hostsLink, logsLink, metricsLink, sendLink, servicesLink, settingsLink } from "./links";
import { parseSearch } from "./search";
import { parseSendSearch } from "./send/search";
import { parseTab } from "./settings/search";

const searchOf = (link: string) => parseSearch(link.slice(link.indexOf("?")));

test("a link to Metrics holds its queries and the time", () => {
  const link = metricsLink(['rate(a{b="c&d"}[5m])', "up"], { from: "now-1h", to: "now" });
  expect(searchOf(link)).toEqual({ q: 'rate(a{b="c&d"}[5m])', q2: "up", from: "now-1h", to: "now" });
});

test("a link to Logs leaves out what says nothing", () => {
  expect(logsLink("")).toBe("/logs");
  expect(searchOf(logsLink('level:error "a b"'))).toEqual({ query: 'level:error "a b"' });
});

test("names are escaped", () => {
  expect(hostLink("web/1 ?")).toBe("/hosts/web%2F1%20%3F");
  expect(searchOf(dashboardLink("host", { host: "a b" }))).toEqual({ "var-host": "a b" });
  expect(parseDashboardSearch(searchOf(dashboardLink("host", { host: "a,b" }))).variables).toEqual({ host: ["a,b"] });
});

test("links to Send data and Settings are read by these pages", () => {
  expect(parseSendSearch(searchOf(sendLink("prometheus"))).way).toBe("prometheus");
  expect(sendLink()).toBe("/send");
  expect(parseTab(searchOf(settingsLink("health")))).toBe("health");
  expect(settingsLink("keys")).toBe("/settings");
});

test("links to lists take the time along", () => {
  expect(hostsLink({ from: "now-1h", to: "now" })).toBe("/hosts?from=now-1h&to=now");
  expect(servicesLink()).toBe("/services");
});
