using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Host.Service;

/// <summary>
/// The state machine and the right to change it. Four loops do: apply, commit, sweep, and the one that returns space. Each holds the lock for a bounded piece of work in memory,
/// never over I/O, and publishes what it left behind before it lets go.
/// </summary>
/// <remarks>
/// The lock is not fair: a loop that lets go and takes it again at once can keep out one that waits, by the runtime's own measure for 100 ms at a time.
/// So applies say that they wait, and the loops in the background let them through (see <see cref="BackgroundPace"/>).
/// </remarks>
/// <param name="machine">The state machine on <paramref name="tree"/>.</param>
/// <param name="tree">Its tables.</param>
/// <param name="device">Where the tree's commits go.</param>
/// <param name="published">Shared with the owners before and after this one: only the one in charge publishes.</param>
/// <param name="time">When the last apply was.</param>
internal sealed class StateOwner(StateMachine machine, ITree tree, IPageDevice device, PublishedState published, TimeProvider time)
{
    private int _appliesWaiting;
    private long _lastApply;

    public Lock Lock { get; } = new();
    public StateMachine Machine { get; } = machine;
    public ITree Tree { get; } = tree;
    public IPageDevice Device { get; } = device;
    public PublishedState Published { get; } = published;

    /// <summary>An apply waits for the lock.</summary>
    public bool IsApplyWaiting => Volatile.Read(ref _appliesWaiting) != 0;

    /// <summary>Time since the last apply took the lock.</summary>
    public TimeSpan SinceApply => time.GetElapsedTime(Volatile.Read(ref _lastApply));

    /// <summary>Takes the lock for an apply, ahead of what goes on in the background.</summary>
    public Lock.Scope EnterApply()
    {
        Interlocked.Increment(ref _appliesWaiting);
        try
        {
            return Lock.EnterScope();
        }
        finally
        {
            Volatile.Write(ref _lastApply, time.GetTimestamp());
            Interlocked.Decrement(ref _appliesWaiting);
        }
    }

    /// <summary>Makes the current state visible. Called under the lock.</summary>
    public void Publish() => Published.Current = Machine.Freeze();
}
