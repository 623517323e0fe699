"""Sends metrics and logs to Pharos by OpenTelemetry's SDK (OTLP over HTTP)."""

import logging
import os
import random
import sys
import time

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource


def main(orders: int = 20) -> int:
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        print("set OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS: see README.md", file=sys.stderr)
        return 1
    resource = Resource.create({"service.name": "example-python", "service.instance.id": "1"})
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=1000)
    metrics = MeterProvider(resource=resource, metric_readers=[reader])
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    log = logging.getLogger("shop")
    log.setLevel(logging.INFO)
    log.addHandler(LoggingHandler(logger_provider=logs))

    meter = metrics.get_meter("shop")
    placed = meter.create_counter("shop.orders", unit="{order}", description="Orders placed.")
    duration = meter.create_histogram(
        "shop.order.duration",
        unit="s",
        description="Time to place an order.",
        explicit_bucket_boundaries_advisory=[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    )
    meter.create_observable_gauge(
        "shop.queue.length", callbacks=[lambda _: [Observation(random.randint(0, 9))]], unit="{order}"
    )

    for order in range(orders):
        seconds = random.lognormvariate(-2, 0.5)
        placed.add(1, {"currency": "EUR"})
        duration.record(seconds, {"currency": "EUR"})
        log.info("order %d placed", order, extra={"order": order, "duration": seconds})
        time.sleep(0.05)

    # Both send what is left.
    metrics.shutdown()
    logs.shutdown()
    print(f'sent {orders} orders; query: shop_orders_total{{service="example-python"}}')
    return 0


if __name__ == "__main__":
    sys.exit(main())
