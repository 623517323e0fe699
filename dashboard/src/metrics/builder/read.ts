// Reads PromQL back into the builder where the builder can show all of it, and says why not
// where it can't.

import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

import { maskVariables } from "../../editor/variables";
import { autoWindow, noAggregation, type Aggregation, type AggregationOp, type BuilderFunction, type BuilderQuery, type Filter, type FilterOp } from "./model";

/** What is known of a name, to tell the parts of a histogram from metrics of their own. */
export type KnowsHistogram = (base: string) => boolean;

export type Reading = { query: BuilderQuery } | { why: string };

/** Thrown inside this file only: the sentence that the reader returns. */
class NotForBuilder extends Error {}

function refuse(why: string): never {
  throw new NotForBuilder(why);
}

const functions: ReadonlySet<string> = new Set(["rate", "increase", "irate", "avg_over_time", "min_over_time", "max_over_time", "delta", "deriv"]);
const aggregations: ReadonlySet<string> = new Set(["sum", "avg", "min", "max", "count", "quantile"]);

class Reader {
  private readonly text: string;
  private readonly isHistogram: KnowsHistogram;

  constructor(text: string, isHistogram: KnowsHistogram) {
    this.text = text;
    this.isHistogram = isHistogram;
  }

  read(): BuilderQuery {
    if (this.text.trim() === "") refuse("There is no query yet.");
    const tree = parser.configure({ top: "PromQL" }).parse(maskVariables(this.text));
    let broken = false;
    tree.iterate({
      enter: (node) => {
        if (node.type.isError) broken = true;
        if (node.name === "LineComment") refuse("It has a comment, which the builder would lose.");
      },
    });
    const top = tree.topNode.firstChild;
    if (!top) refuse("There is no query yet.");
    if (broken) refuse("It is not complete PromQL yet.");
    return this.limited(bare(top));
  }

  private source(node: SyntaxNode): string {
    return this.text.slice(node.from, node.to);
  }

  private limited(node: SyntaxNode): BuilderQuery {
    const op = node.name === "AggregateExpr" ? this.opOf(node) : "";
    if (op !== "topk" && op !== "bottomk") return this.histogramOr(node);
    if (node.getChild("AggregateModifier")) refuse(`The builder knows ${op} over all series only.`);
    const [count, inner] = this.twoArguments(node, op);
    const k = Number(count);
    if (!Number.isInteger(k) || k < 1) refuse(`The builder needs a whole number in ${op}.`);
    return { ...this.histogramOr(inner), top: { op, k } };
  }

  /** histogramOr reads what a histogram is asked, or else a metric with its function. */
  private histogramOr(node: SyntaxNode): BuilderQuery {
    if (node.name === "BinaryExpr") return this.mean(node);
    const name = node.name === "FunctionCall" ? this.functionOf(node) : "";
    if (name === "histogram_quantile") {
      const [quantile, inner] = this.twoArguments(node, name);
      return this.quantile(this.fraction(quantile), inner);
    }
    if (name === "histogram_avg" || name === "histogram_count") {
      const inner = this.rateOf(this.onlyArgument(node, name), name);
      return { ...inner, fn: name === "histogram_avg" ? "mean" : "observations", native: true };
    }
    const query = this.aggregated(node);
    const base = query.metric.replace(/_count$/, "");
    const observed = query.fn === "rate" && base !== query.metric && this.isHistogram(base);
    return observed ? { ...query, metric: base, fn: "observations" } : query;
  }

  private quantile(quantile: number, node: SyntaxNode): BuilderQuery {
    const inner = this.rateOf(node, "histogram_quantile");
    const native = !inner.metric.endsWith("_bucket");
    const { aggregation } = inner;
    if (!native && aggregation.op !== "none" && !aggregation.by.includes("le")) refuse("Its buckets are joined without le, so that there is no percentile to show.");
    return {
      ...inner,
      fn: "quantile",
      quantile,
      native,
      metric: inner.metric.replace(/_bucket$/, ""),
      aggregation: native ? aggregation : { ...aggregation, by: aggregation.by.filter((label) => label !== "le") },
    };
  }

  /** rateOf reads what stands inside a function of histograms: rates, added up or not. */
  private rateOf(node: SyntaxNode, of: string): BuilderQuery {
    const inner = this.aggregated(node);
    if (inner.fn !== "rate") refuse(`The builder shows ${of} of rates only.`);
    if (inner.aggregation.op !== "none" && inner.aggregation.op !== "sum") refuse(`The builder shows ${of} of sums only.`);
    return inner;
  }

  /** mean reads sum(rate(x_sum)) / sum(rate(x_count)). */
  private mean(node: SyntaxNode): BuilderQuery {
    const different = "It calculates with several metrics, which the builder does not show.";
    const [left, right] = [node.firstChild, node.lastChild];
    if (!node.getChild("Div") || !left || !right || childrenOf(node).length !== 3) refuse(different);
    if (bare(left).name === "NumberDurationLiteral" || bare(right).name === "NumberDurationLiteral") refuse("It calculates with a number, which the builder does not show.");
    const sum = this.rateOf(bare(left), "the average");
    const count = this.rateOf(bare(right), "the average");
    const metric = sum.metric.replace(/_sum$/, "");
    const same = JSON.stringify({ ...sum, metric: "" }) === JSON.stringify({ ...count, metric: "" });
    if (sum.metric !== `${metric}_sum` || count.metric !== `${metric}_count` || !same) refuse(different);
    return { ...sum, metric, fn: "mean" };
  }

  private aggregated(node: SyntaxNode): BuilderQuery {
    if (node.name !== "AggregateExpr") return this.overTime(node);
    const op = this.opOf(node);
    if (!aggregations.has(op)) refuse(`The builder does not show ${op} here.`);
    const modifier = node.getChild("AggregateModifier");
    if (modifier?.getChild("Without")) refuse("The builder joins series by labels, not without some.");
    const by = modifier ? this.labelsOf(modifier) : [];
    const aggregation: Aggregation = { ...noAggregation, op: op as AggregationOp, by };
    if (op !== "quantile") return { ...this.overTime(this.onlyArgument(node, op)), aggregation };
    const [quantile, inner] = this.twoArguments(node, op);
    return { ...this.overTime(inner), aggregation: { ...aggregation, quantile: this.fraction(quantile) } };
  }

  private overTime(node: SyntaxNode): BuilderQuery {
    if (node.name === "VectorSelector") return this.selected(node, "value", autoWindow);
    if (node.name === "AggregateExpr") refuse("It joins series twice, which the builder does not show.");
    if (node.name === "BinaryExpr") refuse("It calculates with several values, which the builder does not show.");
    if (node.name === "OffsetExpr") refuse("It looks at another time (offset), which the builder does not show.");
    if (node.name === "StepInvariantExpr") refuse("It looks at a fixed time (@), which the builder does not show.");
    if (node.name !== "FunctionCall") refuse("The builder shows one metric with one function.");
    const name = this.functionOf(node);
    if (!functions.has(name)) refuse(`The builder does not show the function ${name}.`);
    const range = this.onlyArgument(node, name);
    const series = range.name === "MatrixSelector" ? range.getChild("VectorSelector") : null;
    if (!series) refuse(`The builder shows ${name} of one metric only.`);
    // What stands in the brackets as it was written: the tree has something else for variables.
    const window = this.text.slice(series.to, range.to).trim().slice(1, -1).trim();
    return this.selected(series, name as BuilderFunction, window);
  }

  private selected(node: SyntaxNode, fn: BuilderFunction, window: string): BuilderQuery {
    const matchers = node.getChild("LabelMatchers");
    const identifier = node.getChild("Identifier");
    let metric = identifier ? this.source(identifier) : "";
    const filters: Filter[] = [];
    for (const matcher of matchers ? childrenOf(matchers) : []) {
      if (matcher.name === "QuotedLabelName") {
        metric = this.unquote(matcher);
        continue;
      }
      const [label, op, value] = childrenOf(matcher);
      if (!label || !op || !value) refuse("It is not complete PromQL yet.");
      const filter: Filter = { label: label.name === "LabelName" ? this.source(label) : this.unquote(label), op: this.source(op) as FilterOp, value: this.unquote(value) };
      if (filter.value === "") refuse("It filters by an empty value, which the builder does not show.");
      if (filter.label !== "__name__") filters.push(filter);
      else if (filter.op === "=" && metric === "") metric = filter.value;
      else refuse("It chooses metrics by a pattern, which the builder does not show.");
    }
    if (metric === "") refuse("It names no metric.");
    return { metric, filters, fn, window, quantile: 0.95, native: false, aggregation: noAggregation, top: undefined };
  }

  private labelsOf(modifier: SyntaxNode): string[] {
    const labels = modifier.getChild("GroupingLabels");
    return labels ? childrenOf(labels).map((label) => (label.name === "LabelName" ? this.source(label) : this.unquote(label))) : [];
  }

  private opOf(node: SyntaxNode): string {
    const op = node.getChild("AggregateOp");
    return op ? this.source(op).toLowerCase() : "";
  }

  private functionOf(node: SyntaxNode): string {
    const name = node.getChild("FunctionIdentifier");
    return name ? this.source(name) : "";
  }

  private onlyArgument(node: SyntaxNode, of: string): SyntaxNode {
    const body = node.getChild("FunctionCallBody");
    const [argument, ...more] = body ? childrenOf(body) : [];
    if (!argument || more.length > 0) refuse(`The builder does not show ${of} with these arguments.`);
    return bare(argument);
  }

  private twoArguments(node: SyntaxNode, of: string): [string, SyntaxNode] {
    const body = node.getChild("FunctionCallBody");
    const [first, second, ...more] = body ? childrenOf(body) : [];
    if (!first || !second || more.length > 0 || first.name !== "NumberDurationLiteral") refuse(`The builder does not show ${of} with these arguments.`);
    return [this.source(first), bare(second)];
  }

  private fraction(text: string): number {
    const value = Number(text);
    if (!(value >= 0 && value <= 1)) refuse("The builder shows percentiles from 0 to 1.");
    return value;
  }

  private unquote(node: SyntaxNode): string {
    const text = this.source(node).trim();
    const inner = text.slice(1, -1);
    if (text.startsWith("`")) return inner;
    return inner.replaceAll(/\\(n|t|r|.)/gs, (_, c: string) => ({ n: "\n", t: "\t", r: "\r" })[c] ?? c);
  }
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
  return children;
}

/** bare takes parentheses off. */
function bare(node: SyntaxNode): SyntaxNode {
  let inner = node;
  while (inner.name === "ParenExpr" && inner.firstChild) inner = inner.firstChild;
  return inner;
}

/** readQuery reads PromQL into the builder, or says why it can't. */
export function readQuery(text: string, isHistogram: KnowsHistogram = () => false): Reading {
  try {
    return { query: new Reader(text, isHistogram).read() };
  } catch (error) {
    if (error instanceof NotForBuilder) return { why: error.message };
    throw error;
  }
}
