using System.Security.Cryptography;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using EtcdApi.Etcdserverpb;
using EtcdApi.Wire;
using Grpc.Core;
using Storage.Contracts;

namespace ApiGateway.Host.Admin;

/// <summary>
/// Maintenance.Snapshot: the database in blobs of 32 KiB, each with how much comes after it, then one more blob with the SHA-256 of all of it. It comes from
/// this member's own storage, so that a learner serves it too.
/// </summary>
internal sealed class SnapshotCalls(IStorage storage, CallGate gate, Callers callers, StreamGuards guards, GatewayOptions options, TimeProvider time)
{
    private const int BlobBytes = 32 * 1024;

    // A tag and a number of at most ten bytes, a tag and a length of at most five.
    private const int MaxHeadBytes = 32;

    // Each holds back the reuse of pages, and has buffers of a few megabytes.
    private int _open;

    public async Task SendAsync(byte[] request, IServerStreamWriter<Reply> replies, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        gate.Check(http, isServedByLearners: true);
        ProtoBody.Parse(SnapshotRequest.Parser, request);
        await callers.RequireAdminUntranslatedAsync(context).ConfigureAwait(false);
        try
        {
            if (Interlocked.Increment(ref _open) > options.MaxSnapshots)
                throw new RequestFailedException(EtcdError.TooManyRequests);
            await SendAsync(replies, http, context).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task SendAsync(IServerStreamWriter<Reply> replies, HttpContext http, ServerCallContext context)
    {
        using var guard = guards.Open(http, context.CancellationToken);
        using var stalled = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(guard.Token, stalled.Token);
        try
        {
            await SendAsync(replies, stalled, ending.Token).ConfigureAwait(false);
        }
        catch (Exception) when (guard.IsEnded)
        {
            throw new RequestFailedException(guard.Error);
        }
        catch (Exception) when (stalled.IsCancellationRequested)
        {
            throw new RequestFailedException(EtcdError.Timeout);
        }
        catch (SnapshotAbortedException aborted)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, aborted.Message), aborted.Message);
        }
        catch (Exception exception) when (context.CancellationToken.IsCancellationRequested && exception is not RpcException)
        {
            // The client has left, and nobody reads how the stream ended.
        }
        catch (Exception exception) when (!context.CancellationToken.IsCancellationRequested && ReadBarrier.IsLoss(exception))
        {
            throw new RequestFailedException(EtcdError.Timeout, exception);
        }
    }

    private async Task SendAsync(IServerStreamWriter<Reply> replies, CancellationTokenSource stalled, CancellationToken ending)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Used again for every blob: a write returns when the message is in the connection's buffer.
        var message = new byte[BlobBytes + MaxHeadBytes];
        var remaining = -1L;
        await foreach (var piece in storage.DatabaseAsync(ending).ConfigureAwait(false))
        {
            if (remaining >= 0 && piece.RemainingBytes != remaining - piece.Bytes.Length)
                throw new SnapshotAbortedException("the storage replica sent pieces that do not follow each other");
            remaining = piece.RemainingBytes;
            digest.AppendData(piece.Bytes.Span);
            for (var bytes = piece.Bytes; !bytes.IsEmpty; bytes = bytes[Math.Min(BlobBytes, bytes.Length)..])
            {
                var blob = bytes[..Math.Min(BlobBytes, bytes.Length)];
                await WriteAsync(Encode(message, remaining + bytes.Length - blob.Length, blob.Span)).ConfigureAwait(false);
            }
        }
        // The digest makes a file whole for who receives it.
        if (remaining != 0)
            throw new SnapshotAbortedException("the storage replica sent a part of the database only");
        await WriteAsync(Encode(message, 0, digest.GetHashAndReset())).ConfigureAwait(false);

        async ValueTask WriteAsync(ReadOnlyMemory<byte> encoded)
        {
            stalled.CancelAfter(options.SnapshotStallLimit);
            await replies.WriteAsync(Reply.WithoutHeader(encoded), ending).ConfigureAwait(false);
            // What storage takes its time for is not the client's fault.
            stalled.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>SnapshotResponse: remaining_bytes 2, blob 3.</summary>
    private static ReadOnlyMemory<byte> Encode(byte[] target, long remaining, ReadOnlySpan<byte> blob)
    {
        var writer = new ProtoWriter(target);
        writer.Int64(2, remaining);
        writer.Bytes(3, blob);
        return target.AsMemory(0, writer.Written);
    }
}
