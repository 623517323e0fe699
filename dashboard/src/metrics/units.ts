// The unit of what a query answers, from the units of its metrics and what is done with them.

import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

import { maskVariables } from "../editor/variables";
import { perSecondOf, unitOf } from "../format/unit-of";
import type { Unit } from "../format/units";

/** The unit that the metadata of a name says; empty when it says none. */
export type MetadataUnit = (name: string) => string;

const rates = new Set(["rate", "irate", "deriv"]);
const counts = new Set(["count", "count_values", "group", "absent", "count_over_time", "changes", "resets", "histogram_count"]);
/** Functions whose answer has the unit of their last argument. */
const withSecond = new Set(["histogram_quantile", "quantile_over_time"]);

class Units {
  private readonly text: string;
  private readonly said: MetadataUnit;

  constructor(text: string, said: MetadataUnit) {
    this.text = text;
    this.said = said;
  }

  of(node: SyntaxNode | null | undefined): Unit | undefined {
    switch (node?.name) {
      case "VectorSelector":
        return this.ofMetric(node);
      case "FunctionCall":
        return this.ofCall(node);
      case "AggregateExpr":
        return counts.has(this.source(node.getChild("AggregateOp"))) ? "count" : this.of(lastArgument(node));
      case "BinaryExpr":
        return this.ofBinary(node);
      case "ParenExpr":
      case "OffsetExpr":
      case "StepInvariantExpr":
      case "MatrixSelector":
      case "SubqueryExpr":
        return this.of(node.firstChild);
      case "UnaryExpr":
        return this.of(node.lastChild);
      default:
        return undefined;
    }
  }

  private ofMetric(node: SyntaxNode): Unit | undefined {
    const identifier = node.getChild("Identifier");
    if (!identifier) return undefined;
    const name = this.source(identifier);
    return unitOf(name, this.said(name));
  }

  private ofCall(node: SyntaxNode): Unit | undefined {
    const name = this.source(node.getChild("FunctionIdentifier"));
    if (counts.has(name)) return "count";
    const argument = withSecond.has(name) ? lastArgument(node) : (node.getChild("FunctionCallBody")?.firstChild ?? null);
    if (name === "histogram_quantile") return this.ofBuckets(argument);
    if (name === "time" || name === "timestamp") return "timestamp";
    const unit = this.of(argument);
    return rates.has(name) && unit !== undefined ? perSecondOf(unit) : unit;
  }

  /** ofBuckets is the unit of what a histogram observes: its name stands somewhere inside. */
  private ofBuckets(node: SyntaxNode | null): Unit | undefined {
    let unit: Unit | undefined;
    node?.cursor().iterate((inner) => {
      if (unit !== undefined || inner.name !== "Identifier" || inner.node.parent?.name !== "VectorSelector") return;
      const name = this.source(inner.node).replace(/_bucket$/, "");
      unit = unitOf(name, this.said(name));
    });
    return unit;
  }

  private ofBinary(node: SyntaxNode): Unit | undefined {
    const [left, right] = [node.firstChild, node.lastChild];
    const numbers = [left, right].map((side) => (side?.name === "NumberDurationLiteral" ? Number(this.source(side)) : undefined));
    const [a, b] = [this.of(left), this.of(right)];
    if (node.getChild("Div")) {
      if (this.isMean(left, right)) return this.ofObserved(left);
      if (a !== undefined && a === b) return "ratio";
      return numbers[1] === undefined ? undefined : a;
    }
    if (node.getChild("Mul")) {
      const factor = numbers[0] ?? numbers[1];
      const unit = numbers[0] === undefined ? a : b;
      if (factor === undefined) return undefined;
      return factor === 100 && unit === "ratio" ? "percent" : unit;
    }
    return a ?? b;
  }

  /** isMean says that a sum of observations is divided by their number. */
  private isMean(left: SyntaxNode | null, right: SyntaxNode | null): boolean {
    const [sum, count] = [left, right].map((side) => /([A-Za-z_:][\w:]*)_(?:sum|count)\b/.exec(this.source(side))?.[1]);
    return sum !== undefined && sum === count && this.source(left).includes(`${sum}_sum`) && this.source(right).includes(`${sum}_count`);
  }

  private ofObserved(node: SyntaxNode | null): Unit | undefined {
    const name = /([A-Za-z_:][\w:]*)_sum\b/.exec(this.source(node))?.[1];
    return name === undefined ? undefined : unitOf(name, this.said(name));
  }

  private source(node: SyntaxNode | null): string {
    return node ? this.text.slice(node.from, node.to) : "";
  }
}

function lastArgument(node: SyntaxNode): SyntaxNode | null {
  return node.getChild("FunctionCallBody")?.lastChild ?? null;
}

/** unitOfQuery is the unit of a query's values; undefined where nobody can say. */
export function unitOfQuery(query: string, said: MetadataUnit): Unit | undefined {
  const masked = maskVariables(query);
  return new Units(masked, said).of(parser.configure({ top: "PromQL" }).parse(masked).topNode.firstChild);
}

/** metricsIn lists the metrics that a query names, each once. */
export function metricsIn(query: string): string[] {
  const masked = maskVariables(query);
  const names = new Set<string>();
  parser.configure({ top: "PromQL" }).parse(masked).iterate({
    enter: (node) => {
      if (node.name === "Identifier" && node.node.parent?.name === "VectorSelector") names.add(masked.slice(node.from, node.to));
    },
  });
  return [...names];
}
