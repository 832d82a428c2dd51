using System.Diagnostics;
using System.Threading.Channels;
using Consensus.Contracts;
using Grpc.Core;
using Storage.Client;
using Storage.Contracts;

namespace Storage.Host.Grpc;

/// <summary>One stream of reads: those that need not wait are answered in the order they came, in one batch; the others as they get ready.</summary>
internal sealed class ReadCall(IStorage storage, CancellationToken cancellation)
{
    // A client that does not take its answers is not read from either.
    private const int MaxAnswersWaiting = 1_024;
    private const int MaxBatch = 256;
    private const int MaxBatchBytes = 1024 * 1024;

    private readonly Channel<Client.Wire.ReadResponse> _answers = Channel.CreateBounded<Client.Wire.ReadResponse>(
        new BoundedChannelOptions(MaxAnswersWaiting) { SingleReader = true });

    public async Task RunAsync(
        IAsyncStreamReader<Client.Wire.ReadRequestBatch> requests, IServerStreamWriter<Client.Wire.ReadResponseBatch> responses)
    {
        // Each read brings the trace it belongs to; the stream itself is part of none.
        Activity.Current = null;
        var writing = WriteAsync(responses);
        await foreach (var batch in requests.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            foreach (var request in batch.Requests)
            {
                var read = request.Trace.IsEmpty ? StartAsync(request) : StartTracedAsync(request);
                if (read.IsCompletedSuccessfully)
                    await _answers.Writer.WriteAsync(read.Result.ToWire(request.Id), cancellation).ConfigureAwait(false);
                else
                    _ = AnswerLaterAsync(request.Id, read);
            }
        }
        _answers.Writer.TryComplete();
        await writing.ConfigureAwait(false);
    }

    private ValueTask<ReadResult> StartAsync(Client.Wire.ReadRequest request)
    {
        var minApplied = new LogIndex(request.MinApplied);
        return request.ReadCase switch
        {
            Client.Wire.ReadRequest.ReadOneofCase.Range => storage.RangeAsync(
                request.Range.Memory, minApplied, request.Caller.FromWire(), cancellation),
            Client.Wire.ReadRequest.ReadOneofCase.Txn => storage.ReadOnlyTxnAsync(
                request.Txn.Memory, minApplied, request.Caller.FromWire(), cancellation),
            Client.Wire.ReadRequest.ReadOneofCase.Access => storage.AuthorizeAsync(
                request.Access.FromWire(), minApplied, request.Caller.FromWire(), cancellation),
            Client.Wire.ReadRequest.ReadOneofCase.V2 => storage.GetV2Async(
                request.V2.Path, request.V2.Recursive, request.V2.Sorted, request.V2.NowUnixNanos, minApplied, cancellation),
            _ => ValueTask.FromResult(new ReadResult(StorageError.Malformed, 0, default, default, 0, default)),
        };
    }

    private async ValueTask<ReadResult> StartTracedAsync(Client.Wire.ReadRequest request)
    {
        using var span = StorageTelemetry.Spans.StartActivity("storage.read", ActivityKind.Server, WireFormat.TraceFromWire(request.Trace));
        return await StartAsync(request).ConfigureAwait(false);
    }

    private async Task AnswerLaterAsync(ulong id, ValueTask<ReadResult> read)
    {
        Client.Wire.ReadResponse answer;
        try
        {
            answer = (await read.ConfigureAwait(false)).ToWire(id);
        }
#pragma warning disable CA1031 // One read's failure is that read's answer; the stream goes on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            answer = new Client.Wire.ReadResponse { Id = id, Failure = exception.Message };
        }
        try
        {
            await _answers.Writer.WriteAsync(answer, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ChannelClosedException or OperationCanceledException)
        {
            // The client has gone, and nobody waits for the answer.
        }
    }

    private async Task WriteAsync(IServerStreamWriter<Client.Wire.ReadResponseBatch> responses)
    {
        while (await _answers.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false))
        {
            var batch = new Client.Wire.ReadResponseBatch();
            for (var bytes = 0; batch.Responses.Count < MaxBatch && bytes < MaxBatchBytes && _answers.Reader.TryRead(out var answer);)
            {
                bytes += answer.Body.Length;
                batch.Responses.Add(answer);
            }
            await responses.WriteAsync(batch, cancellation).ConfigureAwait(false);
        }
    }
}
