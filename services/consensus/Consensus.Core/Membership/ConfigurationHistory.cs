using Consensus.Contracts;

namespace Consensus.Core.Membership;

/// <summary>The configurations of a log: the newest at or before its beginning, and every later one. In practice one to three.</summary>
/// <remarks>Invariant: indexes rise. Empty for a member that joins and knows none yet.</remarks>
public sealed class ConfigurationHistory
{
    private readonly List<(LogIndex Index, ClusterConfiguration Configuration)> _items = [];

    /// <param name="recovered">As found with the log, ascending.</param>
    public ConfigurationHistory(IReadOnlyList<(LogIndex Index, ClusterConfiguration Configuration)> recovered)
    {
        foreach (var (index, configuration) in recovered)
            Append(index, configuration);
    }

    /// <summary>Index of the newest one, in effect or not; 0 when there is none.</summary>
    public LogIndex LastIndex => _items.Count == 0 ? default : _items[^1].Index;

    /// <summary>All of them, ascending.</summary>
    public IReadOnlyList<(LogIndex Index, ClusterConfiguration Configuration)> Items => _items;

    public void Append(LogIndex index, ClusterConfiguration configuration)
    {
        Invariant.Holds(_items.Count == 0 || index > LastIndex);
        _items.Add((index, configuration));
    }

    /// <summary>The newest at or before <paramref name="index"/>.</summary>
    public bool TryGetAt(LogIndex index, out LogIndex at, out ClusterConfiguration configuration)
    {
        for (var i = _items.Count - 1; i >= 0; i--)
        {
            if (_items[i].Index > index)
                continue;
            (at, configuration) = _items[i];
            return true;
        }
        at = default;
        configuration = null!;
        return false;
    }

    /// <summary>The log was cut from <paramref name="from"/> on.</summary>
    public void TruncateFrom(LogIndex from)
    {
        while (_items.Count > 0 && LastIndex >= from)
            _items.RemoveAt(_items.Count - 1);
    }

    /// <summary>The log begins at <paramref name="first"/> now: what is in effect just before it stays.</summary>
    public void DropBefore(LogIndex first)
    {
        while (_items.Count > 1 && _items[1].Index < first)
            _items.RemoveAt(0);
    }

    /// <summary>The log begins anew after <paramref name="index"/>, where <paramref name="configuration"/> is in effect.</summary>
    public void ResetTo(LogIndex index, ClusterConfiguration configuration)
    {
        _items.Clear();
        _items.Add((index, configuration));
    }
}
