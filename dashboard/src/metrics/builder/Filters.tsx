// Which of a metric's series are meant: by service, and by any other label.

import { ActionIcon, Autocomplete, Button, NativeSelect } from "@mantine/core";
import { useState } from "react";

import { CrossIcon, PlusIcon } from "../icons";
import { useValues } from "../useCatalogue";
import classes from "./Builder.module.css";
import type { Filter, FilterOp } from "./model";
import { selector } from "./write";

const ops: { value: FilterOp; label: string }[] = [
  { value: "=", label: "is" },
  { value: "!=", label: "is not" },
  { value: "=~", label: "matches" },
  { value: "!~", label: "matches not" },
];

const list = { comboboxProps: { width: "max-content", position: "bottom-start", shadow: "md" } as const, limit: 200, withScrollArea: false };

interface Props {
  metric: string;
  filters: Filter[];
  labels: readonly string[];
  onChange: (filters: Filter[]) => void;
}

export function Filters({ metric, filters, labels, onChange }: Props) {
  const service = filters.findIndex((filter) => filter.label === "service" && filter.op === "=");
  const others = filters.flatMap((filter, i) => (i === service ? [] : [{ filter, i }]));
  const replace = (index: number, filter: Filter | undefined) => onChange(filters.flatMap((old, i) => (i === index ? (filter ?? []) : old)));
  const ofService = (value: string) => {
    if (service >= 0) replace(service, value === "" ? undefined : { label: "service", op: "=", value });
    else if (value !== "") onChange([{ label: "service", op: "=", value }, ...filters]);
  };
  return (
    <>
      <ValueField
        label="Service"
        name="service"
        placeholder="Any service"
        value={filters[service]?.value ?? ""}
        others={metric === "" ? '{service!=""}' : selector(metric, filters.filter((_, i) => i !== service))}
        onChange={ofService}
      />
      {others.map(({ filter, i }) => (
        <span key={i} className={classes.filter} role="group" aria-label={`Filter ${filter.label || "without a label"}`}>
          <Autocomplete
            size="xs"
            className={classes.label ?? ""}
            aria-label="Label"
            placeholder="Label"
            data={labels.filter((label) => label !== "service" || filter.op !== "=")}
            value={filter.label}
            onChange={(label) => replace(i, { ...filter, label, value: label === filter.label ? filter.value : "" })}
            {...list}
          />
          <NativeSelect size="xs" aria-label="How the label is compared" data={ops} value={filter.op} onChange={(event) => replace(i, { ...filter, op: event.currentTarget.value as FilterOp })} />
          <ValueField
            label="Value"
            name={filter.label}
            placeholder={filter.op.endsWith("~") ? "Regular expression" : "Value"}
            value={filter.value}
            others={selector(metric, filters.filter((_, j) => j !== i))}
            onChange={(value) => replace(i, { ...filter, value })}
          />
          <ActionIcon variant="subtle" color="gray" size={26} aria-label="Remove the filter" title="Remove the filter" onClick={() => replace(i, undefined)}>
            <CrossIcon />
          </ActionIcon>
        </span>
      ))}
      <Button size="xs" h={30} px={8} variant="subtle" color="gray" leftSection={<PlusIcon />} disabled={metric === ""} onClick={() => onChange([...filters, { label: "", op: "=", value: "" }])}>
        Filter
      </Button>
    </>
  );
}

interface ValueProps {
  label: string;
  name: string;
  placeholder: string;
  value: string;
  /** The series that the other filters leave. */
  others: string;
  onChange: (value: string) => void;
}

/** ValueField offers values; one that is typed counts when the field is left or Enter is pressed. */
function ValueField({ label, name, placeholder, value, others, onChange }: ValueProps) {
  const [typed, setTyped] = useState<string>();
  const [asked, setAsked] = useState(false);
  const { values, loading } = useValues(name, others, asked);
  const finish = () => {
    if (typed !== undefined && typed !== value) onChange(typed);
    setTyped(undefined);
  };
  return (
    <Autocomplete
      size="xs"
      className={classes.value ?? ""}
      aria-label={label}
      placeholder={loading ? "Loading" : placeholder}
      data={values}
      value={typed ?? value}
      onChange={setTyped}
      onFocus={() => setAsked(true)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish();
      }}
      onOptionSubmit={(next) => {
        setTyped(undefined);
        onChange(next);
      }}
      {...list}
    />
  );
}
