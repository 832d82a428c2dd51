namespace Consensus.Host.Grpc;

/// <summary>Waiting for an end.</summary>
internal static class Ends
{
    /// <summary>Completes, without an exception, when one of the two is cancelled.</summary>
    public static async Task FirstAsync(CancellationToken one, CancellationToken other)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var first = one.Register(ended.SetResultOnce).ConfigureAwait(false);
        await using var second = other.Register(ended.SetResultOnce).ConfigureAwait(false);
        await ended.Task.ConfigureAwait(false);
    }

    private static void SetResultOnce(this TaskCompletionSource ended) => ended.TrySetResult();
}
