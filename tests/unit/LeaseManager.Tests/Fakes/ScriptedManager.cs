using Consensus.Contracts;
using LeaseManager.Contracts;

namespace LeaseManager.Tests.Fakes;

/// <summary>How a <see cref="ScriptedManager"/> answers.</summary>
internal enum Answers
{
    AtOnce,
    NotActive,
    Never,
}

/// <summary>A manager that answers with its number, or as told.</summary>
internal sealed class ScriptedManager(long number) : ILeaseManager, IAsyncDisposable
{
    public Answers Mode { get; set; }

    public int Calls { get; private set; }

    public bool IsDisposed { get; private set; }

    public ValueTask<KeepAliveResult> KeepAliveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) =>
        AnswerAsync(new KeepAliveResult(number, 1, new Term(1)), cancellation);

    public ValueTask<TimeToLiveResult> TimeToLiveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) =>
        AnswerAsync(new TimeToLiveResult(number, number, 1, new Term(1)), cancellation);

    public ValueTask<LeaseListResult> ListAsync(LogIndex minApplied, CancellationToken cancellation) =>
        AnswerAsync(new LeaseListResult([number], 1, new Term(1)), cancellation);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return default;
    }

    private ValueTask<T> AnswerAsync<T>(T answer, CancellationToken cancellation)
    {
        Calls++;
        return Mode switch
        {
            Answers.AtOnce => new(answer),
            Answers.NotActive => ValueTask.FromException<T>(new LeaseManagerNotActiveException("scripted")),
            _ => new(new TaskCompletionSource<T>().Task.WaitAsync(cancellation)),
        };
    }
}
