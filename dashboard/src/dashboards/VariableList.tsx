// The variables of a dashboard in its settings.

import { ActionIcon, Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";

import type { ListVariable, Variable } from "../api/dashboards";
import { referencesIn } from "../query/variables";
import { ArrowDownIcon, ArrowUpIcon, BinIcon, PlusIcon } from "./icons";
import { all, inOrder } from "./resolve-variables";
import classes from "./VariableList.module.css";

type Source = "labels" | "list" | "text";

const sourceOf = (variable: Variable): Source => (variable.kind === "TextVariable" ? "text" : variable.spec.plugin.kind === "StaticListVariable" ? "list" : "labels");

/** variableFaults says what is wrong with which variable, by its place. */
export function variableFaults(variables: readonly Variable[]): Map<number, string> {
  const faults = new Map<number, string>();
  const { circle } = inOrder(variables);
  variables.forEach((variable, i) => {
    const { name } = variable.spec;
    if (!/^[A-Za-z_]\w*$/.test(name)) faults.set(i, "Letters, digits and underscores, beginning with no digit");
    else if (name.startsWith("__")) faults.set(i, "Names that begin with two underscores are taken");
    else if (variables.findIndex((one) => one.spec.name === name) !== i) faults.set(i, "Another variable has this name");
    else if (circle.includes(variable)) faults.set(i, "It needs a variable that needs it");
    else if (needsLater(variable, variables.slice(i + 1))) faults.set(i, "Move it below the variables that it needs");
    else if (sourceOf(variable) === "labels" && !(variable as ListVariable).spec.plugin.spec.labelName?.trim()) faults.set(i, "Say which label");
  });
  return faults;
}

/** needsLater says whether a variable refers to one that comes after it, which the server refuses. */
function needsLater(variable: Variable, later: readonly Variable[]): boolean {
  if (variable.kind === "TextVariable") return false;
  const named = referencesIn([...(variable.spec.plugin.spec.matchers ?? []), variable.spec.plugin.spec.labelName ?? ""].join(" "));
  return later.some((one) => named.includes(one.spec.name));
}

/** withSource makes a variable get its values from elsewhere. */
export function withSource(variable: Variable, source: Source): Variable {
  const { name, display } = variable.spec;
  const shared = { name, ...(display ? { display } : {}) };
  if (source === "text") return { kind: "TextVariable", spec: { ...shared, value: "" } };
  const list = variable.kind === "ListVariable" ? variable.spec : undefined;
  const plugin = source === "list" ? { kind: "StaticListVariable", spec: { values: [] } } : { kind: "PrometheusLabelValuesVariable", spec: { labelName: "", matchers: [] } };
  return { kind: "ListVariable", spec: { ...shared, allowMultiple: list?.allowMultiple ?? false, allowAllValue: list?.allowAllValue ?? false, plugin } };
}

/** freeName is the first of var, var2, var3... that no variable has. */
function freeName(variables: readonly Variable[]): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? "host" : `var${n}`;
    if (!variables.some((one) => one.spec.name === name)) return name;
  }
}

interface Props {
  variables: readonly Variable[];
  tried: boolean;
  onChange: (variables: Variable[]) => void;
}

export function VariableList({ variables, tried, onChange }: Props) {
  const faults = variableFaults(variables);
  const change = (index: number, variable: Variable) => onChange(variables.map((one, i) => (i === index ? variable : one)));
  const move = (index: number, by: number) => {
    const next = [...variables];
    const [one] = next.splice(index, 1);
    if (one) next.splice(index + by, 0, one);
    onChange(next);
  };
  const add = () => onChange([...variables, { kind: "ListVariable", spec: { name: freeName(variables), allowMultiple: false, allowAllValue: false, plugin: { kind: "PrometheusLabelValuesVariable", spec: { labelName: "host_name", matchers: [] } } } }]);
  return (
    <fieldset className={classes.list}>
      <legend>Variables</legend>
      <p className={classes.hint}>People choose their values above the panels; queries write $name for what was chosen.</p>
      {variables.map((variable, i) => (
        <div key={i} className={classes.variable} role="group" aria-label={`Variable ${variable.spec.name}`}>
          <Fields variable={variable} fault={tried ? faults.get(i) : undefined} onChange={(next) => change(i, next)} />
          <span className={classes.tools}>
            <ActionIcon size={24} variant="subtle" color="gray" aria-label={`Move ${variable.spec.name} up`} disabled={i === 0} onClick={() => move(i, -1)}>
              <ArrowUpIcon />
            </ActionIcon>
            <ActionIcon size={24} variant="subtle" color="gray" aria-label={`Move ${variable.spec.name} down`} disabled={i === variables.length - 1} onClick={() => move(i, 1)}>
              <ArrowDownIcon />
            </ActionIcon>
            <ActionIcon size={24} variant="subtle" color="gray" aria-label={`Remove ${variable.spec.name}`} onClick={() => onChange(variables.filter((_, k) => k !== i))}>
              <BinIcon />
            </ActionIcon>
          </span>
        </div>
      ))}
      <Button size="compact-xs" variant="default" leftSection={<PlusIcon />} onClick={add}>
        Add variable
      </Button>
    </fieldset>
  );
}

interface FieldsProps {
  variable: Variable;
  fault: string | undefined;
  onChange: (variable: Variable) => void;
}

function Fields({ variable, fault, onChange }: FieldsProps) {
  const { name, display } = variable.spec;
  const source = sourceOf(variable);
  const set = (changes: object) => onChange({ ...variable, spec: { ...variable.spec, ...changes } } as Variable);
  return (
    <div className={classes.fields}>
      <TextInput size="xs" label="Name" value={name} error={fault} spellCheck={false} onChange={(event) => set({ name: event.currentTarget.value })} />
      <TextInput size="xs" label="Label" placeholder={name} value={display?.name ?? ""} onChange={(event) => set({ display: { ...display, name: event.currentTarget.value } })} />
      <NativeSelect
        size="xs"
        label="Values from"
        value={source}
        data={[
          { value: "labels", label: "A label of metrics" },
          { value: "list", label: "A list of my own" },
          { value: "text", label: "Text that is typed" },
        ]}
        onChange={(event) => onChange(withSource(variable, event.currentTarget.value as Source))}
      />
      {variable.kind === "TextVariable" ? (
        <TextInput size="xs" label="Begins with" value={variable.spec.value} onChange={(event) => set({ value: event.currentTarget.value })} />
      ) : (
        <ListFields variable={variable} onChange={onChange} />
      )}
    </div>
  );
}

const valuesText = (variable: ListVariable) => (variable.spec.plugin.spec.values ?? []).map((one) => (typeof one === "string" ? one : one.value)).join(", ");

function ListFields({ variable, onChange }: { variable: ListVariable; onChange: (variable: Variable) => void }) {
  const { plugin, allowAllValue = false, allowMultiple = false, defaultValue } = variable.spec;
  const set = (changes: Partial<ListVariable["spec"]>) => onChange({ ...variable, spec: { ...variable.spec, ...changes } });
  const setPlugin = (changes: object) => set({ plugin: { ...plugin, spec: { ...plugin.spec, ...changes } } });
  const first = Array.isArray(defaultValue) ? defaultValue.join(", ") : (defaultValue ?? "");
  const setDefault = (text: string) => {
    if (text.trim() !== "") return set({ defaultValue: allowMultiple && text.includes(",") ? text.split(",").map((one) => one.trim()) : text });
    const { defaultValue: _, ...rest } = variable.spec;
    return onChange({ ...variable, spec: rest });
  };
  return (
    <>
      {plugin.kind === "StaticListVariable" ? (
        <TextInput
          key="values"
          size="xs"
          className={classes.wide ?? ""}
          label="Values, with commas"
          placeholder="dev, staging, production"
          defaultValue={valuesText(variable)}
          onChange={(event) => setPlugin({ values: event.currentTarget.value.split(",").map((one) => one.trim()).filter((one) => one !== "") })}
        />
      ) : (
        <>
          <TextInput key="label" size="xs" label="Label name" placeholder="host_name" value={plugin.spec.labelName ?? ""} spellCheck={false} onChange={(event) => setPlugin({ labelName: event.currentTarget.value })} />
          <TextInput
            size="xs"
            className={classes.wide ?? ""}
            label="Of the series"
            placeholder='system_cpu_time_seconds_total{environment="$environment"}'
            value={plugin.spec.matchers?.[0] ?? ""}
            spellCheck={false}
            onChange={(event) => setPlugin({ matchers: [event.currentTarget.value, ...(plugin.spec.matchers?.slice(1) ?? [])].filter((one) => one.trim() !== "") })}
          />
        </>
      )}
      <TextInput size="xs" label="Begins with" placeholder={allowAllValue ? "All" : "the first"} value={first === all ? "" : first} onChange={(event) => setDefault(event.currentTarget.value)} />
      <Checkbox size="xs" label="Several at once" checked={allowMultiple} onChange={(event) => set({ allowMultiple: event.currentTarget.checked })} />
      <Checkbox size="xs" label="With a choice of all" checked={allowAllValue} onChange={(event) => set({ allowAllValue: event.currentTarget.checked })} />
    </>
  );
}
