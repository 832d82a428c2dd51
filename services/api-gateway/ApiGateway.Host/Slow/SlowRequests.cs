using System.Diagnostics;
using ApiGateway.Core.Slow;
using ApiGateway.Host.Tracing;
using Consensus.Contracts;
using Hosting.Durations;
using Storage.Contracts;

namespace ApiGateway.Host.Slow;

/// <summary>
/// Tells of requests that took long, one line for each, which says where the time went. Only then the log and storage are asked about the command: what they note meanwhile is a few timestamps for
/// each batch. Thread-safe.
/// </summary>
internal sealed class SlowRequests(IConsensus consensus, IStorage storage, GatewayOptions options, ILogger<SlowRequests> logger)
{
    // Lines in the making. When everything is slow the questions must not be what keeps it so.
    private const int MaxOpen = 64;

    private static readonly TimeSpan s_askLimit = TimeSpan.FromSeconds(1);

    private int _open;
    private long _untold;

    /// <summary>A request has ended that took longer than <see cref="GatewayOptions.WarningRequestDuration"/>.</summary>
    /// <param name="http">The request.</param>
    /// <param name="name">What it was.</param>
    /// <param name="began">Timestamp of its arrival.</param>
    /// <param name="ended">Timestamp of its end.</param>
    /// <param name="stamps">What was noted in between.</param>
    /// <param name="failure">Why it failed; null: it did not.</param>
    public void Tell(HttpContext http, string name, long began, long ended, in RequestStamps stamps, Exception? failure)
    {
        if (Interlocked.Increment(ref _open) > MaxOpen)
        {
            Interlocked.Decrement(ref _open);
            Interlocked.Increment(ref _untold);
            return;
        }
        _ = TellAsync(name, began, ended, stamps, failure, GatewayTracing.TraceOf(http));
    }

    private async Task TellAsync(string name, long began, long ended, RequestStamps stamps, Exception? failure, ActivityContext trace)
    {
        try
        {
            EntryTimes? logged = null;
            AppliedTimes? applied = null;
            if (stamps.Arrived != 0)
            {
                using var limit = new CancellationTokenSource(s_askLimit);
                var asking = OrNullAsync(consensus.GetTimesAsync, stamps.Index, limit.Token);
                applied = await OrNullAsync(storage.GetTimesAsync, stamps.Index, limit.Token).ConfigureAwait(false);
                logged = await asking.ConfigureAwait(false);
            }
            Log(name, stamps, failure, trace, RequestStages.Divide(TimesOf(began, ended, stamps, logged, applied)));
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private static RequestTimes TimesOf(long began, long ended, in RequestStamps stamps, EntryTimes? logged, AppliedTimes? applied)
    {
        var times = new RequestTimes { Total = Stopwatch.GetElapsedTime(began, ended) };
        if (stamps.Arrived != 0)
        {
            return times with
            {
                BeforeLog = Stopwatch.GetElapsedTime(began, stamps.Handed), UntilResult = Stopwatch.GetElapsedTime(stamps.Handed, stamps.Arrived),
                BatchWait = logged?.Queued, LogSync = logged?.Stored, Replication = logged?.Replicated, ApplyWait = applied?.Waited, Apply = applied?.Applied,
            };
        }
        return stamps.ReadIndexed != 0 ? times with { ReadIndex = Stopwatch.GetElapsedTime(began, stamps.ReadIndexed) } : times;
    }

    private void Log(string name, in RequestStamps stamps, Exception? failure, ActivityContext trace, IReadOnlyList<Stage> stages)
    {
        var took = stages.Aggregate(TimeSpan.Zero, static (sum, stage) => sum + stage.Took);
        var fields = new List<KeyValuePair<string, object?>>
        {
            new("took", GoDuration.Format(took)), new("expected-duration", GoDuration.Format(options.WarningRequestDuration)), new("request", name),
            new("slowest", RequestStages.Slowest(stages).Name),
        };
        foreach (var stage in stages)
            fields.Add(new(stage.Name, GoDuration.Format(stage.Took)));
        if (stamps.Index.Value != 0)
            fields.Add(new("index", stamps.Index.Value));
        if (failure is not null)
            fields.Add(new("error", failure.Message));
        if (Interlocked.Exchange(ref _untold, 0) is > 0 and var untold)
            fields.Add(new("others-not-told-of", untold));
        if (trace != default)
            fields.Add(new("trace", trace));
        logger.RequestTookTooLong(fields);
    }

    private static async Task<T?> OrNullAsync<T>(Func<LogIndex, CancellationToken, ValueTask<T?>> ask, LogIndex index, CancellationToken limit)
        where T : class
    {
        try
        {
            return await ask(index, limit).AsTask().WaitAsync(limit).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whoever cannot say how long it took leaves a gap in the line, which shows.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }
}
