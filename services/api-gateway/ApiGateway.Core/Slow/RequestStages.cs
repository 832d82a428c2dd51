namespace ApiGateway.Core.Slow;

/// <summary>A part of a request's way, and how long it took.</summary>
/// <param name="Name">As in the log line.</param>
/// <param name="Took">Not negative.</param>
public readonly record struct Stage(string Name, TimeSpan Took);

/// <summary>Divides a request's time into stages that add up to it, and says which one took most.</summary>
/// <example>
/// A put of 250 ms: 1 before the log, 240 until its result, of which its batch waited 5 for the log, was synced in 210 and replicated in 15, then applied in 2. What is left of the 240, 8, was
/// spent between the services, and what is left of the 250, 9, on the answer: the slowest stage is log-sync.
/// </example>
public static class RequestStages
{
    public const string Whole = "undivided", Gateway = "gateway", BatchWait = "batch-wait", LogSync = "log-sync", Replication = "replication", ApplyWait = "apply-wait", Apply = "apply",
        Between = "between-services", ReadIndex = "read-index", Read = "read", Answer = "answer";

    /// <summary>The stages in the order in which a request goes through them.</summary>
    public static IReadOnlyList<Stage> Divide(RequestTimes times) =>
        times.UntilResult is { } untilResult ? OfWrite(times, untilResult)
        : times.ReadIndex is { } readIndex ? OfRead(times, readIndex)
        : [new(Whole, times.Total)];

    /// <summary>The one that took most; the earlier one of two alike.</summary>
    public static Stage Slowest(IReadOnlyList<Stage> stages) => stages.MaxBy(static stage => stage.Took);

    private static List<Stage> OfWrite(RequestTimes times, TimeSpan untilResult)
    {
        var rest = times.Total;
        var gateway = Take(ref rest, times.BeforeLog);
        var within = Take(ref rest, untilResult)!.Value;
        // The exact ones first: what is only an upper bound gets no more than they leave.
        var sync = Take(ref within, times.LogSync);
        var replication = Take(ref within, times.Replication);
        var apply = Take(ref within, times.Apply);
        var applyWait = Take(ref within, times.ApplyWait);
        var batchWait = Take(ref within, times.BatchWait);
        var stages = new List<Stage>();
        Add(Gateway, gateway);
        Add(BatchWait, batchWait);
        Add(LogSync, sync);
        Add(Replication, replication);
        Add(ApplyWait, applyWait);
        Add(Apply, apply);
        Add(Between, within);
        Add(Answer, rest);
        return stages;

        void Add(string name, TimeSpan? took)
        {
            if (took is { } known)
                stages.Add(new(name, known));
        }
    }

    private static List<Stage> OfRead(RequestTimes times, TimeSpan readIndex)
    {
        var rest = times.Total;
        var waited = Take(ref rest, readIndex)!.Value;
        return [new(ReadIndex, waited), new(Read, rest)];
    }

    // A part cannot be longer than the whole: clocks differ, and a retried proposal has times of its own.
    private static TimeSpan? Take(ref TimeSpan rest, TimeSpan? part)
    {
        if (part is not { } wanted)
            return null;
        var taken = wanted < TimeSpan.Zero ? TimeSpan.Zero : wanted < rest ? wanted : rest;
        rest -= taken;
        return taken;
    }
}
