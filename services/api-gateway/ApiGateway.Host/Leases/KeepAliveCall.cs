using System.Threading.Channels;
using ApiGateway.Host.Cluster;
using LeaseManager.Contracts;

namespace ApiGateway.Host.Leases;

/// <summary>
/// One keep-alive stream: every request gets one answer, in order, and the next request does not wait for it. Requests beyond
/// <see cref="MaxInFlight"/> unanswered ones wait in the connection. Answers of requests that came together leave together.
/// </summary>
internal sealed class KeepAliveCall(
    LeaseCalls leases, LeaseAccess access, ReadBarrier barrier, ClusterView cluster, IKeepAliveRequests requests, KeepAliveOutput output)
{
    private const int MaxInFlight = 256;

    // Answers wait for a flush while more requests can be read; beyond so many they go, so that what a slow client leaves unread stays small.
    private const int MaxUnflushed = 256;

    private readonly Channel<(long LeaseId, Task<KeepAliveResult> Answer)> _answers = Channel.CreateBounded<(long, Task<KeepAliveResult>)>(
        new BoundedChannelOptions(MaxInFlight) { SingleReader = true, SingleWriter = true });

    // Answers queued and not yet sent. Zero: the writer is idle, and the output is the reader's, which writes answers that are there at once.
    private int _queued;

    public async Task RunAsync(CancellationToken callEnds)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(callEnds);
        var writing = WriteAsync(ending.Token);
        var reading = ReadAsync(ending.Token);
        try
        {
            await (await Task.WhenAny(writing, reading).ConfigureAwait(false)).ConfigureAwait(false);
            await writing.ConfigureAwait(false);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(writing, reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(CancellationToken ending)
    {
        while (await requests.WaitAsync(ending).ConfigureAwait(false))
        {
            var unflushed = 0;
            while (requests.TryTake(out var id))
            {
                var answer = AskAsync(id, ending);
                if (answer.IsCompletedSuccessfully && Volatile.Read(ref _queued) == 0)
                {
                    output.Add(id, answer.Result);
                    if (++unflushed < MaxUnflushed)
                        continue;
                    await output.FlushAsync(ending).ConfigureAwait(false);
                    unflushed = 0;
                    continue;
                }
                if (unflushed > 0)
                    await output.FlushAsync(ending).ConfigureAwait(false);
                unflushed = 0;
                // The output is the writer's until this is sent.
                Interlocked.Increment(ref _queued);
                await _answers.Writer.WriteAsync((id, answer.AsTask()), ending).ConfigureAwait(false);
            }
            if (unflushed > 0)
                await output.FlushAsync(ending).ConfigureAwait(false);
        }
        _answers.Writer.Complete();
    }

    private async Task WriteAsync(CancellationToken ending)
    {
        await foreach (var (id, answer) in _answers.Reader.ReadAllAsync(ending).ConfigureAwait(false))
        {
            output.Add(id, await answer.ConfigureAwait(false));
            await output.FlushAsync(ending).ConfigureAwait(false);
            Interlocked.Decrement(ref _queued);
        }
    }

    private ValueTask<KeepAliveResult> AskAsync(long id, CancellationToken ending)
    {
        var permitting = access.RequireAsync(id, ending);
        return permitting.IsCompletedSuccessfully ? AskPermittedAsync(id, ending) : AskWhenPermittedAsync(permitting, id, ending);
    }

    private ValueTask<KeepAliveResult> AskPermittedAsync(long id, CancellationToken ending)
    {
        var asked = leases.KeepAliveAsync(id, cluster.SeenIndex, ending);
        if (!asked.IsCompletedSuccessfully)
            return ConfirmAsync(asked, id, ending);
        var result = asked.Result;
        return result.TtlSeconds != 0 ? new(result) : ConfirmAsync(new(result), id, ending);
    }

    private async ValueTask<KeepAliveResult> AskWhenPermittedAsync(ValueTask permitting, long id, CancellationToken ending)
    {
        await permitting.ConfigureAwait(false);
        return await AskPermittedAsync(id, ending).ConfigureAwait(false);
    }

    private async ValueTask<KeepAliveResult> ConfirmAsync(ValueTask<KeepAliveResult> asked, long id, CancellationToken ending)
    {
        var result = await asked.ConfigureAwait(false);
        if (result.TtlSeconds != 0)
            return result;
        // Another gateway may have granted it a moment ago: only what the log says now is an answer that ends a lease.
        var index = await barrier.ReadIndexAsync().ConfigureAwait(false);
        return await leases.KeepAliveAsync(id, index, ending).ConfigureAwait(false);
    }
}
