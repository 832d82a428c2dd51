using System.Diagnostics;
using System.Threading.Tasks.Sources;
using Storage.Contracts;

namespace ApiGateway.Host.Proposing;

/// <summary>A proposal whose outcome somebody awaits. Completed once, by whoever took it out of the ring.</summary>
/// <remarks>
/// The awaiting code runs on the thread that completes it, which is always a pool thread that does nothing else
/// (<see cref="OutcomeBatch"/>), never storage's apply thread.
/// </remarks>
internal sealed class PendingProposal(CommandKind kind, ActivityContext trace, long handedAt, long deadline) : IValueTaskSource<CommandResult>
{
    private ManualResetValueTaskSourceCore<CommandResult> _source;
    private ReadOnlyMemory<byte> _command;
    private volatile bool _isEncoded;

    public CommandKind Kind { get; } = kind;

    public ActivityContext Trace { get; } = trace;

    /// <summary>Timestamp of the time provider after which nobody waits any more.</summary>
    public long Deadline { get; } = deadline;

    public ulong Sequence { get; set; }

    /// <summary>Timestamp of when its result came, set before <see cref="Complete"/>.</summary>
    public long ArrivedAt { get; set; }

    /// <summary>The encoded command, once its proposer has encoded it, outside the lock.</summary>
    public bool TryGetCommand(out ReadOnlyMemory<byte> command)
    {
        var isEncoded = _isEncoded;
        command = isEncoded ? _command : default;
        return isEncoded;
    }

    /// <summary>To be called once.</summary>
    public void SetCommand(ReadOnlyMemory<byte> command)
    {
        _command = command;
        _isEncoded = true;
    }

    /// <summary>To be awaited once.</summary>
    public ValueTask<CommandResult> Outcome => new(this, _source.Version);

    public void Complete(in CommandResult result) => _source.SetResult(result with { HandedAt = handedAt, ArrivedAt = ArrivedAt });

    public void Fail(Exception exception) => _source.SetException(exception);

    CommandResult IValueTaskSource<CommandResult>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<CommandResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<CommandResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
