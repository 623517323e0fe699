"""What a plugin of pharos-agent needs in Python: the handshake with the agent and a gRPC server.

A plugin is a class with name, version and description that has one method or both of

    collect(self) -> list of Metric      measures once
    logs(self, send, ended)              sends records until the event `ended` is set

and may have settings (a dict of their defaults), configure(self, settings), health(self) and
close(self). serve(Plugin()) runs it. docs/formats/plugin.md describes what happens on the wire.
"""

import base64
import datetime
import json
import os
import queue
import signal
import sys
import threading
from concurrent import futures

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import plugin_pb2 as pb

PROTOCOL_VERSION = 1
COOKIE = ("PHAROS_PLUGIN", "6ff1d6c4a2f24be2a2f6b0a7d5f5c3de")
SERVICE = "pharos.plugin.v1.Plugin"


class SettingError(Exception):
    """A fault of a setting."""

    def __init__(self, field, message):
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


class Metric:
    """A metric with its values. kind is gauge, counter (only grows) or up_down_counter."""

    KINDS = {"gauge": pb.KIND_GAUGE, "counter": pb.KIND_COUNTER, "up_down_counter": pb.KIND_UP_DOWN_COUNTER}

    def __init__(self, name, unit="", description="", kind="gauge"):
        self.message = pb.Metric(name=name, unit=unit, description=description, kind=self.KINDS[kind])

    def add(self, value, **attributes):
        """Adds a value of now. Attributes whose names have dots are given as **{"a.b": "c"}."""
        number = {"int_value": value} if isinstance(value, int) else {"double_value": value}
        self.message.points.append(pb.Point(attributes={k: str(v) for k, v in attributes.items()}, **number))
        return self


def record(message, level="info", time_unix_nano=0, **attributes):
    """Returns a log record; a time of 0 means now."""
    attributes = {k: str(v) for k, v in attributes.items()}
    return pb.LogRecord(message=message, level=level, time_unix_nano=time_unix_nano, attributes=attributes)


class _Service:
    """Answers the agent."""

    def __init__(self, plugin):
        self.plugin = plugin
        self.settings = dict(getattr(plugin, "settings", {}))
        self.configured = False
        self.collecting = threading.Lock()
        self.ended = threading.Event()

    def describe(self, request, context):
        types = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
        properties = {name: {"type": types[type(value)], "default": value} for name, value in self.settings.items()}
        capabilities = []
        if hasattr(self.plugin, "collect"):
            capabilities.append(pb.CAPABILITY_METRICS)
        if hasattr(self.plugin, "logs"):
            capabilities.append(pb.CAPABILITY_LOGS)
        return pb.DescribeResponse(
            name=self.plugin.name,
            version=self.plugin.version,
            description=self.plugin.description,
            protocol_version=PROTOCOL_VERSION,
            capabilities=capabilities,
            config_schema=json.dumps({"type": "object", "properties": properties, "additionalProperties": False}),
        )

    def configure(self, request, context):
        given, errors = json.loads(request.config_json or "{}"), []
        for name, value in given.items():
            known = self.settings.get(name)
            if name not in self.settings:
                errors.append(pb.FieldError(field=name, message="there is no such setting"))
            elif type(value) is not type(known) and not (type(known) is float and type(value) is int):
                errors.append(pb.FieldError(field=name, message=f"must be a {type(known).__name__}"))
        if not errors and hasattr(self.plugin, "configure"):
            try:
                self.plugin.configure({**self.settings, **given})
            except SettingError as err:
                errors.append(pb.FieldError(field=err.field, message=err.message))
        self.configured = self.configured or not errors
        return pb.ConfigureResponse(errors=errors)

    def collect(self, request, context):
        self._ready(context, "collect")
        with self.collecting:  # an exception becomes the answer
            return pb.CollectResponse(metrics=[metric.message for metric in self.plugin.collect()])

    def health(self, request, context):
        try:
            if hasattr(self.plugin, "health"):
                self.plugin.health()
        except Exception as err:
            return pb.HealthResponse(error=str(err))
        return pb.HealthResponse()

    def stream_logs(self, requests, context):
        """Yields batches; send waits until the agent has answered the one before."""
        self._ready(context, "logs")
        batches, answers, ended = queue.Queue(1), queue.Queue(), threading.Event()
        context.add_callback(ended.set)

        def read():
            try:
                for answer in requests:
                    if answer.sequence:
                        answers.put(answer)
            except grpc.RpcError:
                pass  # the agent has closed the stream
            ended.set()

        def send(*records):
            """Hands records to the agent and returns once it keeps them."""
            batches.put(records)
            while not (ended.is_set() or self.ended.is_set()):
                try:
                    answer = answers.get(timeout=0.1)
                except queue.Empty:
                    continue
                if answer.error:
                    raise RuntimeError("the agent has not taken the log records: " + answer.error)
                return
            raise RuntimeError("the agent has closed the logs")

        def work():
            try:
                self.plugin.logs(send, ended)
            except Exception as err:
                if not ended.is_set():
                    print("logs:", err, file=sys.stderr)
            ended.set()

        threading.Thread(target=read, daemon=True).start()
        threading.Thread(target=work, daemon=True).start()
        sequence = 0
        while not (ended.is_set() or self.ended.is_set()):
            try:
                records = batches.get(timeout=0.1)
            except queue.Empty:
                continue
            sequence += 1
            yield pb.StreamLogsResponse(sequence=sequence, records=records)

    def _ready(self, context, method):
        if not hasattr(self.plugin, method):
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"this plugin has no {method}")
        if not self.configured:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the plugin is not configured yet")

    def handler(self):
        def unary(call, request):
            def guarded(message, context):
                try:
                    return call(message, context)
                except Exception as err:
                    if context.code() is None:
                        context.abort(grpc.StatusCode.UNKNOWN, str(err))
                    raise

            return grpc.unary_unary_rpc_method_handler(guarded, request.FromString, lambda m: m.SerializeToString())

        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "Describe": unary(self.describe, pb.DescribeRequest),
                "Configure": unary(self.configure, pb.ConfigureRequest),
                "Collect": unary(self.collect, pb.CollectRequest),
                "Health": unary(self.health, pb.HealthRequest),
                "StreamLogs": grpc.stream_stream_rpc_method_handler(
                    self.stream_logs, pb.StreamLogsRequest.FromString, lambda m: m.SerializeToString()
                ),
            },
        )


def _certificate():
    """Makes a certificate for this run, and returns key and certificate in PEM and the latter in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    encoding = serialization.Encoding
    return pem, certificate.public_bytes(encoding.PEM), certificate.public_bytes(encoding.DER)


def serve(plugin):
    """Serves the plugin until the agent ends it or has died."""
    if os.environ.get(COOKIE[0]) != COOKIE[1]:
        sys.exit(f"{plugin.name} is a plugin of pharos-agent. Try it: pharos-agent plugin check {sys.argv[0]}")
    service, end = _Service(plugin), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: end.set())

    def watch():
        while sys.stdin.buffer.read(4096):
            pass
        end.set()  # the agent has died

    threading.Thread(target=watch, daemon=True).start()

    key, certificate, der = _certificate()
    agent = os.environ["PLUGIN_CLIENT_CERT"].encode()
    # Only who holds the key of the agent's certificate may talk to the plugin.
    credentials = grpc.ssl_server_credentials([(key, certificate)], root_certificates=agent, require_client_auth=True)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((service.handler(),))
    socket = os.path.join(os.environ["PLUGIN_UNIX_SOCKET_DIR"], "plugin.sock")
    server.add_secure_port("unix:" + socket, credentials)
    server.start()
    shown = base64.b64encode(der).decode().rstrip("=")
    print(f"1|{PROTOCOL_VERSION}|unix|{socket}|grpc|{shown}", flush=True)
    end.wait()
    service.ended.set()
    server.stop(1).wait()
    if hasattr(plugin, "close"):
        plugin.close()
