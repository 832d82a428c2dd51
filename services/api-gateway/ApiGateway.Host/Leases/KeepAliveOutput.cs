using System.IO.Pipelines;
using ApiGateway.Core.Headers;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Metrics;
using EtcdApi.Wire;
using Grpc.Core;
using LeaseManager.Contracts;

namespace ApiGateway.Host.Leases;

/// <summary>Writes keep-alive responses into the body of a call, as many as there are, before one flush. One writer at a time.</summary>
internal sealed class KeepAliveOutput(PipeWriter body, ResponseHeaderWriter header, MethodMetrics counts)
{
    private readonly EncodedHeader _header = new(header);
    private int _unflushed;
    private long _unflushedBytes;

    /// <summary>Writes a LeaseKeepAliveResponse: header 1, ID 2, TTL 3.</summary>
    public void Add(long leaseId, in KeepAliveResult result)
    {
        var head = _header.At(result.Revision, result.Term.Value);
        var length = head.Length + ProtoWriter.Int64Size(2, leaseId) + ProtoWriter.Int64Size(3, result.TtlSeconds);
        var target = body.GetSpan(MessageFrame.PrefixBytes + length);
        MessageFrame.Write(target, length);
        var writer = new ProtoWriter(target.Slice(MessageFrame.PrefixBytes, length));
        writer.Encoded(head);
        writer.Int64(2, leaseId);
        writer.Int64(3, result.TtlSeconds);
        body.Advance(MessageFrame.PrefixBytes + length);
        _unflushed++;
        _unflushedBytes += length;
    }

    /// <summary>Sends what was written; completes when the client, or the connection's buffer, has room for more.</summary>
    /// <exception cref="RpcException">The client has left.</exception>
    public ValueTask FlushAsync(CancellationToken ending)
    {
        counts.Sent(_unflushed, _unflushedBytes);
        (_unflushed, _unflushedBytes) = (0, 0);
        var flushing = body.FlushAsync(ending);
        if (!flushing.IsCompletedSuccessfully)
            return FinishAsync(flushing);
        Check(flushing.Result);
        return ValueTask.CompletedTask;
    }

    private static async ValueTask FinishAsync(ValueTask<FlushResult> flushing) => Check(await flushing.ConfigureAwait(false));

    private static void Check(FlushResult flushed)
    {
        if (flushed.IsCompleted || flushed.IsCanceled)
            throw new RpcException(new Status(StatusCode.Cancelled, "the client has left"));
    }
}
