// Which host this is about, and what it is.

import { Button, Menu } from "@mantine/core";

import { format, formatDuration } from "../format/units";
import { hostLink, hostsLink } from "../links";
import { usePageTime } from "../time/context";
import { CheckIcon, ChevronIcon } from "../ui/icons";
import { PageLink } from "../ui/PageLink";
import type { Facts } from "./facts";
import classes from "./HostBar.module.css";

interface Props {
  hosts: string[];
  host: string;
  facts: Facts;
  onHost: (host: string) => void;
}

export function HostBar({ hosts, host, facts, onHost }: Props) {
  const { range } = usePageTime();
  const load = [facts.load1, facts.load5, facts.load15].map((value) => (value === undefined ? "–" : value.toFixed(2)));
  return (
    <div className={classes.bar}>
      {hosts.length > 1 ? <HostPicker hosts={hosts} host={host} onHost={onHost} /> : <h2 className={classes.name}>{host}</h2>}
      <dl className={classes.facts}>
        <Fact name="Up" value={formatDuration(facts.uptime)} />
        <Fact name="Load" value={load.join("  ")} hint="Mean over 1, 5 and 15 minutes" />
        <Fact name="Cores" value={format(facts.cores, "count")} />
        <Fact name="Memory" value={format(facts.memory, "bytes")} />
        {facts.swap !== undefined && facts.swap > 0 && <Fact name="Swap" value={`${format(facts.swapUsed, "bytes")} of ${format(facts.swap, "bytes")}`} />}
      </dl>
      <p className={classes.links}>
        <PageLink href={hostLink(host, range)}>All about this host</PageLink>
        {hosts.length > 1 && <PageLink href={hostsLink(range)}>All {hosts.length} hosts</PageLink>}
      </p>
    </div>
  );
}

function Fact({ name, value, hint }: { name: string; value: string; hint?: string }) {
  return (
    <div className={classes.fact} title={hint}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function HostPicker({ hosts, host, onHost }: Omit<Props, "facts">) {
  return (
    <Menu withInitialFocusPlaceholder={false} position="bottom-start">
      <Menu.Target>
        <Button size="xs" h={30} px={10} variant="default" rightSection={<ChevronIcon />} aria-label={`Host: ${host}`}>
          {host}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.hosts ?? ""}>
        <Menu.RadioGroup value={host} onChange={onHost}>
          {hosts.map((name) => (
            <Menu.RadioItem key={name} value={name} checkIcon={<CheckIcon />} closeMenuOnClick>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
