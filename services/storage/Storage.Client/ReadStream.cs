using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Grpc.Core;
using Liveness;
using Storage.Contracts;

namespace Storage.Client;

/// <summary>
/// Reads over one bidirectional stream: whatever has gathered while the last write was on its way travels as one batch, and answers come back in
/// any order. Ends with the first failure; the client opens another for the next read.
/// </summary>
internal sealed class ReadStream
{
    // Reads wait for room beyond this; each is answered by the replica in microseconds.
    private const int MaxQueued = 4_096;
    private const int MaxBatch = 256;

    private readonly Channel<Wire.ReadRequest> _queue = Channel.CreateBounded<Wire.ReadRequest>(
        new BoundedChannelOptions(MaxQueued) { SingleReader = true });
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<ReadResult>> _waiting = new();
    private readonly AsyncDuplexStreamingCall<Wire.ReadRequestBatch, Wire.ReadResponseBatch> _call;
    private ulong _lastId;
    private RpcException? _broken;

    public ReadStream(Wire.Storage.StorageClient stub)
    {
        _call = stub.Read();
        _ = RunAsync(WriteAsync());
        _ = RunAsync(ReceiveAsync());
    }

    public bool IsBroken => Volatile.Read(ref _broken) is not null;

    public async ValueTask<ReadResult> ReadAsync(Wire.ReadRequest request, CancellationToken cancellation)
    {
        request.Id = Interlocked.Increment(ref _lastId);
        if (Activity.Current is { Recorded: true } caller)
            request.Trace = WireFormat.ToWire(caller.Context);
        var answer = new TaskCompletionSource<ReadResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[request.Id] = answer;
        try
        {
            try
            {
                await _queue.Writer.WriteAsync(request, cancellation).ConfigureAwait(false);
            }
            catch (ChannelClosedException)
            {
                throw Volatile.Read(ref _broken)!;
            }
            // The stream may have broken after this read was noted and before it was queued.
            if (Volatile.Read(ref _broken) is { } broken)
                throw broken;
            return await answer.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            _waiting.TryRemove(request.Id, out _);
        }
    }

    public void Break(string reason) => Break(new RpcException(new Status(StatusCode.Unavailable, reason)));

    private async Task RunAsync(Task work)
    {
        try
        {
            await work.ConfigureAwait(false);
            Break("the storage replica ended the read stream");
        }
        catch (RpcException exception)
        {
            Break(exception);
        }
        catch (Exception exception) when (CallLoss.Is(exception))
        {
            Break(exception.Message);
        }
    }

    private async Task WriteAsync()
    {
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            var batch = new Wire.ReadRequestBatch();
            while (batch.Requests.Count < MaxBatch && _queue.Reader.TryRead(out var request))
                batch.Requests.Add(request);
            await _call.RequestStream.WriteAsync(batch).ConfigureAwait(false);
        }
    }

    private async Task ReceiveAsync()
    {
        await foreach (var batch in _call.ResponseStream.ReadAllAsync().ConfigureAwait(false))
        {
            foreach (var response in batch.Responses)
            {
                if (!_waiting.TryRemove(response.Id, out var answer))
                    continue; // its caller gave up
                if (response.Failure.Length > 0)
                    answer.TrySetException(new RpcException(new Status(StatusCode.Internal, response.Failure)));
                else
                    answer.TrySetResult(response.FromWire());
            }
        }
    }

    private void Break(RpcException reason)
    {
        if (Interlocked.CompareExchange(ref _broken, reason, null) is not null)
            return;
        _queue.Writer.TryComplete();
        foreach (var (id, _) in _waiting)
        {
            if (_waiting.TryRemove(id, out var answer))
                answer.TrySetException(reason);
        }
        _call.Dispose();
    }
}
