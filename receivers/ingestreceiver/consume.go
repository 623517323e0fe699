package ingestreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// consumeMetrics passes a batch down the pipeline. The report holds what was left out of it;
// an error, always with a code, means that nothing counts as stored.
func (r *ingestReceiver) consumeMetrics(ctx context.Context, metrics pmetric.Metrics) (*rejection.Report, error) {
	if r.metrics == nil {
		return nil, noPipeline("metrics")
	}
	if !r.gate.enter() {
		return nil, errStopping()
	}
	defer r.gate.leave()
	report := &rejection.Report{}
	err := r.metrics.ConsumeMetrics(rejection.NewContext(ctx, report), metrics)
	return report, codedError(ctx, err)
}

// consumeLogs is consumeMetrics for logs, whose records have ids by now.
func (r *ingestReceiver) consumeLogs(ctx context.Context, logs plog.Logs) (*rejection.Report, error) {
	if r.logs == nil {
		return nil, noPipeline("logs")
	}
	if !r.gate.enter() {
		return nil, errStopping()
	}
	defer r.gate.leave()
	report := &rejection.Report{}
	err := r.logs.ConsumeLogs(rejection.NewContext(ctx, report), logs)
	return report, codedError(ctx, err)
}

func noPipeline(signal string) error {
	return &errcode.Error{
		Code: errcode.Unimplemented, Message: "this server takes no " + signal,
		Fix: "add the receiver to a " + signal + " pipeline, or send to a server that has one",
	}
}

func errStopping() error {
	return &errcode.Error{
		Code: errcode.Unavailable, Message: "the server is stopping or reloading its configuration",
		RetryAfter: 2 * time.Second,
	}
}

// codedError gives an error of the pipeline a code where it has none: what a part declares
// permanent is the data's fault, anything else may pass.
func codedError(ctx context.Context, err error) error {
	var coded *errcode.Error
	switch {
	case err == nil, errors.As(err, &coded):
		return err
	case ctx.Err() != nil:
		return errcode.New(errcode.Of(ctx.Err()), "the request ended before its data was stored: %w", err)
	}
	if s, ok := status.FromError(err); ok {
		return &errcode.Error{Code: codeOfGRPC(s.Code()), Message: s.Message(), Err: err}
	}
	if consumererror.IsPermanent(err) {
		return errcode.New(errcode.Invalid, "the data was refused: %w", err)
	}
	return errcode.New(errcode.Unavailable, "the data could not be stored now: %w", err)
}

// codeOfGRPC is the code of a refusal by the next server, when a pipeline ends in one.
func codeOfGRPC(code codes.Code) errcode.Code {
	switch code {
	case codes.InvalidArgument, codes.OutOfRange, codes.FailedPrecondition:
		return errcode.Invalid
	case codes.ResourceExhausted:
		return errcode.RateLimited
	case codes.Unimplemented:
		return errcode.Unimplemented
	case codes.DeadlineExceeded:
		return errcode.Timeout
	case codes.Internal, codes.DataLoss, codes.Unknown:
		return errcode.Internal
	}
	// Unavailable, Aborted and Canceled pass; a credential that the next hop does not take is
	// ours to mend, and the client's data is worth sending again.
	return errcode.Unavailable
}
