using System.Threading.Channels;
using Storage.Client;
using Storage.Contracts;

namespace Storage.Host.Grpc;

/// <summary>Carries a session's results from the apply thread to a server stream, batches merged while the last one is being written.</summary>
internal sealed class ResultStream : IResultSink
{
    // A subscriber that lets this many results wait has stopped reading; it is told that the stream is broken and proposes again.
    private const int MaxWaiting = 65_536;
    private const int MaxBatch = 1_024;

    private readonly Channel<CommandResult> _waiting = Channel.CreateBounded<CommandResult>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true, SingleWriter = true });

    public void OnResults(ReadOnlySpan<CommandResult> results)
    {
        foreach (var result in results)
        {
            if (!_waiting.Writer.TryWrite(result))
            {
                OnBroken("results were not read");
                return;
            }
        }
    }

    public void OnBroken(string reason) => _waiting.Writer.TryComplete(new InvalidOperationException(reason));

    /// <summary>The next batch; waits for one. Throws when the stream is broken.</summary>
    public async ValueTask<Client.Wire.ResultBatch> NextAsync(CancellationToken cancellation)
    {
        var batch = new Client.Wire.ResultBatch();
        batch.Results.Add((await _waiting.Reader.ReadAsync(cancellation).ConfigureAwait(false)).ToWire());
        while (batch.Results.Count < MaxBatch && _waiting.Reader.TryRead(out var result))
            batch.Results.Add(result.ToWire());
        return batch;
    }
}
