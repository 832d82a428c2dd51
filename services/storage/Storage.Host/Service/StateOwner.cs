using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Host.Service;

/// <summary>
/// The state machine and the right to change it. Four loops do: apply, commit, sweep, and the one that returns space. Each holds the lock for a bounded piece of work in memory,
/// never over I/O, and publishes what it left behind before it lets go.
/// </summary>
/// <param name="machine">The state machine on <paramref name="tree"/>.</param>
/// <param name="tree">Its tables.</param>
/// <param name="device">Where the tree's commits go.</param>
/// <param name="published">Shared with the owners before and after this one: only the one in charge publishes.</param>
internal sealed class StateOwner(StateMachine machine, ITree tree, IPageDevice device, PublishedState published)
{
    public Lock Lock { get; } = new();
    public StateMachine Machine { get; } = machine;
    public ITree Tree { get; } = tree;
    public IPageDevice Device { get; } = device;
    public PublishedState Published { get; } = published;

    /// <summary>Makes the current state visible. Called under the lock.</summary>
    public void Publish() => Published.Current = Machine.Freeze();
}
