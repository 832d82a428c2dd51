using System.Threading.Channels;
using Storage.Contracts;

namespace Storage.Tests.Host;

/// <summary>Keeps results to be awaited.</summary>
internal sealed class RecordingSink : IResultSink
{
    private readonly Channel<CommandResult> _results = Channel.CreateUnbounded<CommandResult>();
    private readonly TaskCompletionSource<string> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<string> Broken => _broken.Task.WaitAsync(StorageContractTests.Patience);

    public void OnResults(ReadOnlySpan<CommandResult> results)
    {
        foreach (var result in results)
            _results.Writer.TryWrite(result);
    }

    public void OnBroken(string reason)
    {
        _broken.TrySetResult(reason);
        _results.Writer.TryComplete(new InvalidOperationException($"the subscription is broken: {reason}"));
    }

    public async Task<CommandResult> NextAsync()
    {
        using var patience = new CancellationTokenSource(StorageContractTests.Patience);
        return await _results.Reader.ReadAsync(patience.Token);
    }

    public bool IsEmpty => !_results.Reader.TryPeek(out _);
}
